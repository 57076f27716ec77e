"""The rules of payment and setup intents: what is allowed, and what is refused with Stripe's messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from local.stripe_emulator import metadata
from local.stripe_emulator.errors import ApiError, Json, invalid, malformed, unsupported
from local.stripe_emulator.events import shown

ONLY_WITH_CONFIRM = ("off_session", "error_on_requires_action", "return_url", "use_stripe_sdk")
CHOOSERS = ("allowed_payment_method_types", "excluded_payment_method_types", "automatic_payment_methods")
SUFFIX_LENGTH = 22
FORBIDDEN_IN_SUFFIX = re.compile(r"[<>\\'\"*]")


def check_creation(params: Json) -> None:
    """Refuse parameters that are only valid together with `confirm=true`."""
    for name in ONLY_WITH_CONFIRM:
        if params.get(name) and not params.get("confirm"):
            raise malformed(f"The parameter `{name}` cannot be passed unless `confirm` is set to true.", param=name)


def check_values(params: Json) -> None:
    """Check the values that have rules of their own; refuse what the emulator does not support."""
    metadata.check_email(params.get("receipt_email"), "receipt_email")
    if params.get("capture_method") == "manual":
        raise unsupported("capture_method", "It captures automatically.")
    if params.get("confirmation_method") == "manual":
        raise unsupported("confirmation_method")
    if params.get("statement_descriptor"):
        raise invalid(
            "The `statement_descriptor` parameter isn't supported for the `card` payment method type. Use "
            "`statement_descriptor_suffix` instead.",
            param="statement_descriptor",
        )
    _check_suffix(params.get("statement_descriptor_suffix"))
    fee = params.get("application_fee_amount")
    if isinstance(fee, int) and fee < 0:
        message = "This value must be greater than or equal to 0."
        raise malformed(message, param="application_fee_amount", code="parameter_invalid_integer")


def _check_suffix(suffix: str | None) -> None:
    if not suffix:
        return
    param = "statement_descriptor_suffix"
    if len(suffix) > SUFFIX_LENGTH:
        raise invalid(f"The statement descriptor suffix must be at most {SUFFIX_LENGTH} characters.", param=param)
    if FORBIDDEN_IN_SUFFIX.search(suffix):
        raise invalid("The statement descriptor suffix can't include any of these characters: <>\\'\"*", param=param)


def method_types(params: Json) -> Json:
    """Return an intent's fields about the payment methods that it accepts. The default is automatic methods.

    https://docs.stripe.com/changelog/endive/2026-09-30/removes-the-payment-method-types-parameter-from-payment-intents-and-setup-intents
    """
    chosen = [name for name in CHOOSERS if name in params]
    if len(chosen) > 1:
        raise malformed(f"You may only specify one of these parameters: {', '.join(chosen)}.", param=chosen[0])
    if "allowed_payment_method_types" in params:
        allowed = params["allowed_payment_method_types"]
        if "card" not in allowed:
            raise unsupported("allowed_payment_method_types", "It knows cards only.")
        return {"allowed_payment_method_types": allowed, "automatic_payment_methods": None}
    if "card" in params.get("excluded_payment_method_types", []):
        raise unsupported("excluded_payment_method_types", "It knows cards only.")
    automatic = {"allow_redirects": "always", "enabled": True} | params.get("automatic_payment_methods", {})
    if not automatic["enabled"]:
        return {"automatic_payment_methods": None}
    excluded = params.get("excluded_payment_method_types")
    return {"automatic_payment_methods": automatic, "excluded_payment_method_types": excluded}


def require_status(intent: Json, allowed: Iterable[str], done: str, verb: str) -> None:
    """Refuse to act on an intent whose status does not allow it."""
    if intent["status"] in allowed:
        return
    noun = "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"
    if intent["status"] == "succeeded" and verb == "confirm":
        message = f"You cannot confirm this {noun} because it has already succeeded after being previously confirmed."
    else:
        message = (
            f"You cannot {verb} this {noun} because it has a status of {intent['status']}. Only a {noun} with one of "
            f"the following statuses may be {done}: {', '.join(allowed)}."
        )
    raise unexpected_state(intent, message)


def unexpected_state(intent: Json, message: str) -> ApiError:
    """Return the refusal that contains the intent in its current state."""
    kind: str = intent["object"]
    extra: dict[str, Any] = {kind: shown(intent)}
    return invalid(message, code=f"{kind}_unexpected_state", **extra)


def missing_method(intent: Json) -> ApiError:
    """Return the refusal to confirm an intent without a card."""
    noun = "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"
    message = (
        f"You cannot confirm this {noun} because it's missing a payment method. You can either update the {noun} with "
        f"a payment method and then confirm it again, or confirm it again directly with a payment method or "
        "ConfirmationToken."
    )
    return unexpected_state(intent, message)


def fee_too_large() -> ApiError:
    """Return the refusal of an application fee above the amount."""
    message = "Application fee amount must be less than or equal to the amount of the charge."
    return invalid(message, param="application_fee_amount")


def fee_without_account() -> ApiError:
    """Return the refusal of an application fee on the platform's own payment."""
    message = (
        "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an "
        "OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`)."
    )
    return invalid(message, param="application_fee_amount")
