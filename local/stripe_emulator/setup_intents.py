"""Setup intents: saving a card for later (https://docs.stripe.com/api/setup_intents)."""

from __future__ import annotations

from local.stripe_emulator import (
    authentication,
    card_errors,
    confirmation,
    intent_rules,
    metadata,
    payment_methods,
    test_cards,
)
from local.stripe_emulator.errors import Json
from local.stripe_emulator.events import shown
from local.stripe_emulator.ids import new_id, stable_text
from local.stripe_emulator.listing import listed
from local.stripe_emulator.lookups import living_customer
from local.stripe_emulator.test_cards import Authentication, Decline
from local.stripe_emulator.work import Work

SHARED = ("customer", "description", "metadata", "payment_method", "payment_method_options")
CHOOSERS = ("allowed_payment_method_types", "excluded_payment_method_types")
CONFIRMING = ("return_url", "use_stripe_sdk")
CREATE = (*SHARED, *CHOOSERS, *CONFIRMING, "automatic_payment_methods", "confirm", "usage")
UPDATE = SHARED
CONFIRM = (*CONFIRMING, *CHOOSERS[:1], "payment_method", "payment_method_options")
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
COPIED = ("application", "customer", "customer_account", "livemode", "on_behalf_of", "usage")
ATTEMPTED = (
    "brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "network", "wallet",
)  # fmt: skip
FAILED_AUTHENTICATION = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod "
    "to attempt to fulfill this SetupIntent again."
)


def create(work: Work, params: Json) -> Json:
    """Create a setup intent, and confirm it at once if `confirm` is true."""
    intent_rules.check_creation(params)
    intent = _blank(work.now, params.get("usage", "off_session")) | intent_rules.method_types(params)
    if work.connected:
        intent["application"] = work.around.application
    _apply(work, intent, params)
    work.save(intent)
    work.emit("setup_intent.created", intent)
    if params.get("confirm"):
        return _confirm(work, intent, params)
    return intent


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a setup intent."""
    return work.need("setup_intent", identifier)


def update(work: Work, params: Json, identifier: str) -> Json:
    """Change a setup intent that is still open."""
    intent = work.need("setup_intent", identifier)
    if set(params) - {"metadata", "description"}:
        intent_rules.require_status(intent, OPEN, "updated", "update")
    _apply(work, intent, params)
    return work.save(intent)


def confirm(work: Work, params: Json, identifier: str) -> Json:
    """Confirm a setup intent: the card is saved, declined, or requires authentication."""
    return _confirm(work, work.need("setup_intent", identifier), params)


def cancel(work: Work, params: Json, identifier: str) -> Json:
    """Cancel a setup intent that is still open."""
    intent = work.need("setup_intent", identifier)
    intent_rules.require_status(intent, OPEN, "canceled", "cancel")
    reason = params.get("cancellation_reason")
    intent |= {"status": "canceled", "cancellation_reason": reason, "next_action": None, "_challenge": None}
    work.save(intent)
    work.emit("setup_intent.canceled", intent)
    return intent


def list_all(work: Work, params: Json) -> Json:
    """List setup intents, optionally of one customer or card."""
    return listed(work, "setup_intent", params, "/v1/setup_intents", "customer", "payment_method")


def finish_authentication(work: Work, intent: Json, *, succeeded: bool) -> Json:
    """Continue after the customer's bank has answered."""
    method = work.need("payment_method", intent["_challenge"]["method"])
    intent |= {"next_action": None, "_challenge": None}
    if succeeded:
        return _succeed(work, intent, method)
    code = "setup_intent_authentication_failure"
    error = {"type": "invalid_request_error", "code": code, "message": FAILED_AUTHENTICATION}
    error["doc_url"] = "https://docs.stripe.com/error-codes/setup-intent-authentication-failure"
    _fail(work, intent, method, error | {"payment_method": shown(method)})
    return intent


def _confirm(work: Work, intent: Json, params: Json) -> Json:
    intent_rules.require_status(intent, OPEN, "confirmed", "confirm")
    identifier = params.get("payment_method") or intent["payment_method"]
    if identifier is None:
        raise intent_rules.missing_method(intent)
    if params.get("return_url"):
        metadata.check_url(params["return_url"], "return_url")
    if any(name in params for name in intent_rules.CHOOSERS):
        intent |= intent_rules.method_types(params)
    authentication.check_return_url(intent, params, "SetupIntent")
    method = payment_methods.usable_by(work, identifier, intent["customer"])
    intent |= {"payment_method": method["id"], "last_setup_error": None, "next_action": None, "_challenge": None}
    requested = authentication.requested_by(params) or _requested(intent)
    if _asks(method, requested):
        authentication.ask(work, intent, in_page=bool(params.get("use_stripe_sdk")), method=method["id"])
        _attempt(work, intent, method, "requires_action", None)
        work.save(intent)
        work.emit("setup_intent.requires_action", intent)
        return intent
    decline = _decline_of(work, method)
    if decline is None:
        return _succeed(work, intent, method)
    _fail(work, intent, method, card_errors.error_body(decline, shown(method), None))
    extra = {"setup_intent": shown(intent), "payment_method": shown(method)}
    raise card_errors.declined(decline, extra=extra)


def _asks(method: Json, requested: str) -> bool:
    """Tell whether the card requires authentication; the customer is present."""
    card = payment_methods.card_of(method)
    if card.authentication is Authentication.ON_SESSION_ONLY and card.decline is None:
        return False  # the card that Stripe calls "already set up"
    return authentication.needed(card, method, off_session=False, requested=requested)


def _decline_of(work: Work, method: Json) -> Decline | None:
    if confirmation.expired(work, method):
        return test_cards.EXPIRED
    card = payment_methods.card_of(method)
    return None if card.attaches else card.decline


def _succeed(work: Work, intent: Json, method: Json) -> Json:
    method["_set_up"] = method["_set_up"] or intent["usage"] == "off_session"
    work.save(method)
    intent["status"] = "succeeded"
    _attempt(work, intent, method, "succeeded", None)
    work.save(intent)
    if intent["customer"] and method["customer"] is None:
        payment_methods.join(work, method, intent["customer"])
    work.emit("setup_intent.succeeded", intent)
    return intent


def _fail(work: Work, intent: Json, method: Json, error: Json) -> None:
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_setup_error": error}
    _attempt(work, intent, method, "failed", error)
    work.save(intent)
    work.emit("setup_intent.setup_failed", intent)


def _attempt(work: Work, intent: Json, method: Json, status: str, error: Json | None) -> None:
    card = method["card"] | {"network": method["card"]["brand"]}
    attempt: Json = {name: intent.get(name) for name in COPIED}
    attempt |= {
        "id": new_id("setatt"),
        "object": "setup_attempt",
        "created": work.now,
        "flow_directions": None,
        "payment_method": method["id"],
        "payment_method_details": {
            "card": {name: card[name] for name in ATTEMPTED} | {"three_d_secure": None},
            "type": "card",
        },
        "setup_error": error,
        "setup_intent": intent["id"],
        "status": status,
    }
    intent["latest_attempt"] = work.save(attempt)["id"]


def _requested(intent: Json) -> str:
    requested: str = intent["payment_method_options"]["card"]["request_three_d_secure"]
    return requested


def _apply(work: Work, intent: Json, params: Json) -> None:
    if "customer" in params:
        intent["customer"] = living_customer(work, params["customer"], "customer")["id"]
    if "description" in params:
        intent["description"] = params["description"]
    if "metadata" in params:
        intent["metadata"] = metadata.merged(intent["metadata"], params["metadata"])
    requested = authentication.requested_by(params)
    if requested is not None:
        intent["payment_method_options"]["card"]["request_three_d_secure"] = requested
    if "payment_method" in params:
        method = payment_methods.usable_by(work, params["payment_method"], intent["customer"])
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}


def _blank(now: int, usage: str) -> Json:
    identifier = new_id("seti")
    return {
        "id": identifier,
        "object": "setup_intent",
        "allowed_payment_method_types": None,
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{identifier}_secret_{stable_text(new_id('s'), 25)}",
        "created": now,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": usage,
        "_challenge": None,
        "_return_url": None,
    }
