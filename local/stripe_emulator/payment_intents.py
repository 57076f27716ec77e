"""Payment intents: what is to be paid, and its state (https://docs.stripe.com/api/payment_intents)."""

from __future__ import annotations

from local.stripe_emulator import authentication, confirmation, intent_rules, metadata, payment_methods
from local.stripe_emulator.currencies import check_amount, check_currency
from local.stripe_emulator.errors import Json
from local.stripe_emulator.ids import new_id, stable_text
from local.stripe_emulator.listing import listed
from local.stripe_emulator.lookups import connected_account, living_customer
from local.stripe_emulator.work import Work

SHARED = (
    "amount", "currency", "customer", "description", "metadata", "payment_method", "payment_method_options",
    "receipt_email", "setup_future_usage", "shipping", "statement_descriptor", "statement_descriptor_suffix",
    "transfer_data", "transfer_group", "application_fee_amount", "capture_method", "allowed_payment_method_types",
    "excluded_payment_method_types",
)  # fmt: skip
CONFIRMING = ("error_on_requires_action", "off_session", "return_url", "use_stripe_sdk")
CREATE = (*SHARED, *CONFIRMING, "confirm", "automatic_payment_methods", "confirmation_method", "on_behalf_of")
UPDATE = SHARED
CONFIRM = (
    *CONFIRMING, "payment_method", "payment_method_options", "receipt_email", "setup_future_usage", "shipping",
    "allowed_payment_method_types", "excluded_payment_method_types",
)  # fmt: skip
PLAIN = (
    "description", "receipt_email", "setup_future_usage", "shipping", "statement_descriptor_suffix", "transfer_group",
    "application_fee_amount",
)  # fmt: skip
CARD_OPTIONS: Json = {"installments": None, "network": None, "request_three_d_secure": "automatic"}
UPDATABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing")
ALWAYS_CHANGEABLE = frozenset({"description", "metadata", "receipt_email", "shipping", "transfer_group"})


def create(work: Work, params: Json) -> Json:
    """Create a payment intent, and confirm it at once if `confirm` is true."""
    intent_rules.check_creation(params)
    currency = check_currency(params["currency"])
    intent = _blank(work.now, check_amount(params["amount"], currency), currency)
    intent |= intent_rules.method_types(params)
    if work.connected:
        intent["application"] = work.around.application
    _apply(work, intent, params)
    work.save(intent)
    work.emit("payment_intent.created", intent)
    if params.get("confirm"):
        return confirmation.confirm(work, intent, params)
    return intent


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a payment intent."""
    return work.need("payment_intent", identifier)


def update(work: Work, params: Json, identifier: str) -> Json:
    """Change a payment intent. Once it is processing or has ended, only `ALWAYS_CHANGEABLE` can change."""
    intent = work.need("payment_intent", identifier)
    if not set(params) <= ALWAYS_CHANGEABLE:
        intent_rules.require_status(intent, UPDATABLE, "updated", "update")
    _apply(work, intent, params)
    check_amount(intent["amount"], intent["currency"])
    return work.save(intent)


def confirm(work: Work, params: Json, identifier: str) -> Json:
    """Confirm a payment intent: charge the card, or ask for authentication."""
    intent = work.need("payment_intent", identifier)
    _apply(work, intent, {name: params[name] for name in (*PLAIN, *intent_rules.CHOOSERS) if name in params})
    return confirmation.confirm(work, intent, params)


def cancel(work: Work, params: Json, identifier: str) -> Json:
    """Cancel a payment intent that has not succeeded."""
    intent = work.need("payment_intent", identifier)
    intent_rules.require_status(intent, CANCELABLE, "canceled", "cancel")
    intent |= {
        "status": "canceled",
        "canceled_at": work.now,
        "cancellation_reason": params.get("cancellation_reason"),
        "next_action": None,
        "_challenge": None,
    }
    work.save(intent)
    work.emit("payment_intent.canceled", intent)
    return intent


def list_all(work: Work, params: Json) -> Json:
    """List payment intents; unlike a search, a list has no lag."""
    return listed(work, "payment_intent", params, "/v1/payment_intents", "customer")


def _blank(now: int, amount: int, currency: str) -> Json:
    identifier = new_id("pi")
    return {
        "id": identifier,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{identifier}_secret_{stable_text(new_id('s'), 25)}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": dict(CARD_OPTIONS)},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        "_challenge": None,
        "_return_url": None,
        "_touched": now,
    }


def _apply(work: Work, intent: Json, params: Json) -> None:
    intent_rules.check_values(params)
    for name in PLAIN:
        if name in params:
            intent[name] = params[name] if params[name] != "" else None
    if "amount" in params:
        intent["amount"] = params["amount"]
    if "currency" in params:
        intent["currency"] = check_currency(params["currency"])
    intent["capture_method"] = params.get("capture_method", intent["capture_method"])
    if any(name in params for name in intent_rules.CHOOSERS):
        intent |= intent_rules.method_types(params)
    if "metadata" in params:
        intent["metadata"] = metadata.merged(intent["metadata"], params["metadata"])
    _apply_parties(work, intent, params)
    _apply_method(work, intent, params)
    if (intent["application_fee_amount"] or 0) > intent["amount"]:
        raise intent_rules.fee_too_large()
    intent["_touched"] = work.time


def _apply_parties(work: Work, intent: Json, params: Json) -> None:
    if "customer" in params:
        intent["customer"] = living_customer(work, params["customer"], "customer")["id"]
    if "on_behalf_of" in params:
        intent["on_behalf_of"] = connected_account(work, params["on_behalf_of"], "on_behalf_of")["id"]
    if "destination" in params.get("transfer_data", {}):
        connected_account(work, params["transfer_data"]["destination"], "transfer_data[destination]")
    if "transfer_data" in params:
        intent["transfer_data"] = (intent["transfer_data"] or {}) | params["transfer_data"]
    if "application_fee_amount" in params and not work.connected and not intent["transfer_data"]:
        raise intent_rules.fee_without_account()


def _apply_method(work: Work, intent: Json, params: Json) -> None:
    requested = authentication.requested_by(params)
    if requested is not None:
        intent["payment_method_options"]["card"]["request_three_d_secure"] = requested
    if "payment_method" in params:
        method = payment_methods.usable_by(work, params["payment_method"], intent["customer"])
        intent["payment_method"] = method["id"]
        if intent["status"] == "requires_payment_method":
            intent["status"] = "requires_confirmation"
