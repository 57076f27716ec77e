"""Confirming a payment: the card decides the outcome; intent, charge, balance and events change together."""

from __future__ import annotations

import datetime as dt

from local.stripe_emulator import (
    authentication,
    card_errors,
    charges,
    intent_rules,
    metadata,
    payment_methods,
    restrictions,
    test_cards,
)
from local.stripe_emulator.errors import ApiError, Json
from local.stripe_emulator.events import shown
from local.stripe_emulator.test_cards import Decline, Sequel
from local.stripe_emulator.work import Work

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
FAILED_AUTHENTICATION = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod "
    "to attempt to fulfill this PaymentIntent again."
)


def confirm(work: Work, intent: Json, params: Json) -> Json:
    """Confirm a payment intent.

    Raises the 402 of a declined card; by then the failed charge and its events are part of the work. A card that must
    be authenticated is declined with `authentication_required` when the customer is not present (`off_session`).
    """
    intent_rules.require_status(intent, CONFIRMABLE, "confirmed", "confirm")
    refusal = restrictions.refusal(work)
    if refusal:
        raise refusal
    _check_return_url(params)
    method = _method(work, intent, params)
    authentication.check_return_url(intent, params, "PaymentIntent")
    intent |= {"payment_method": method["id"], "last_payment_error": None, "next_action": None, "_challenge": None}
    intent["_touched"] = work.time
    requested = authentication.requested_by(params) or _requested(intent)
    off_session = bool(params.get("off_session"))
    if not authentication.needed(payment_methods.card_of(method), method, off_session=off_session, requested=requested):
        return _charge(work, intent, method, authenticated=False)
    if off_session or params.get("error_on_requires_action"):
        raise _decline(work, intent, method, test_cards.AUTHENTICATION_REQUIRED, authenticated=False)
    authentication.ask(work, intent, in_page=bool(params.get("use_stripe_sdk")), method=method["id"])
    work.save(intent)
    work.emit("payment_intent.requires_action", intent)
    return intent


def finish_authentication(work: Work, intent: Json, *, succeeded: bool) -> Json:
    """Continue after the customer's bank has answered. A decline is stored in the intent, not raised: no call waits."""
    method = work.need("payment_method", intent["_challenge"]["method"])
    intent |= {"next_action": None, "_challenge": None, "_touched": work.time}
    if not succeeded:
        return _fail_authentication(work, intent, method)
    refusal = restrictions.refusal(work)
    if refusal:
        _fail(work, intent, refusal.body()["error"] | {"payment_method": shown(method)})
        return intent
    try:
        return _charge(work, intent, method, authenticated=True)
    except ApiError as declined:
        if not declined.keeps_changes:
            raise
        return intent


def settle(work: Work, intent: Json, *, succeeded: bool) -> None:
    """Settle a payment that was processing."""
    charge = charges.latest_of(work, intent)
    method = work.need("payment_method", charge["payment_method"])
    intent |= {"processing": None, "_touched": work.time}
    if succeeded:
        charges.succeed(work, charge)
        _succeed(work, intent, method)
    else:
        charges.fail(work, charge, test_cards.GENERIC)
        _fail(work, intent, card_errors.error_body(test_cards.GENERIC, shown(method), charge["id"]))


def _check_return_url(params: Json) -> None:
    if params.get("return_url"):
        metadata.check_url(params["return_url"], "return_url")


def expired(work: Work, method: Json) -> bool:
    """Tell whether the card has expired according to the emulator's clock."""
    today = dt.datetime.fromtimestamp(work.now, dt.UTC)
    card = method["card"]
    return (card["exp_year"], card["exp_month"]) < (today.year, today.month)


def decline_of(work: Work, method: Json) -> Decline | None:
    """Return why the card declines every charge, if it does."""
    if expired(work, method):
        return test_cards.EXPIRED
    return payment_methods.card_of(method).decline


def _method(work: Work, intent: Json, params: Json) -> Json:
    identifier = params.get("payment_method") or intent["payment_method"]
    if identifier is None:
        raise intent_rules.missing_method(intent)
    return payment_methods.usable_by(work, identifier, intent["customer"])


def _requested(intent: Json) -> str:
    requested: str = intent["payment_method_options"]["card"]["request_three_d_secure"]
    return requested


def _charge(work: Work, intent: Json, method: Json, *, authenticated: bool) -> Json:
    decline = decline_of(work, method)
    if decline is not None:
        raise _decline(work, intent, method, decline, authenticated=authenticated)
    card = payment_methods.card_of(method)
    charge = charges.attempt(work, intent, method, authenticated=authenticated)
    intent["latest_charge"] = charge["id"]
    if card.sequel in (Sequel.SETTLES, Sequel.FAILS_TO_SETTLE):
        return _process(work, intent, charge, card.sequel)
    charges.succeed(work, charge)
    _succeed(work, intent, method)
    charges.schedule_sequel(work, charge, card.sequel)
    return intent


def _succeed(work: Work, intent: Json, method: Json) -> None:
    _save_for_later(work, intent, method)
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
    work.save(intent)
    work.emit("payment_intent.succeeded", intent)


def _save_for_later(work: Work, intent: Json, method: Json) -> None:
    """Attach the card if the intent asks for it; a card that stays unattached cannot be used again."""
    if intent["setup_future_usage"] == "off_session":
        method["_set_up"] = True
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        payment_methods.join(work, method, intent["customer"])
    elif method["customer"] is None and not intent["setup_future_usage"]:
        method["_used_up"] = True
    work.save(method)


def _process(work: Work, intent: Json, charge: Json, sequel: Sequel) -> Json:
    charges.hold(work, charge)
    intent["status"] = "processing"
    work.save(intent)
    work.emit("payment_intent.processing", intent)
    outcome = "succeed" if sequel is Sequel.SETTLES else "fail"
    work.later("settle_payment", payment_intent=intent["id"], outcome=outcome)
    return intent


def _decline(work: Work, intent: Json, method: Json, decline: Decline, *, authenticated: bool) -> ApiError:
    charge = charges.attempt(work, intent, method, authenticated=authenticated)
    charges.fail(work, charge, decline)
    intent["latest_charge"] = charge["id"]
    _fail(work, intent, card_errors.error_body(decline, shown(method), charge["id"]))
    extra = {"charge": charge["id"], "payment_intent": shown(intent), "payment_method": shown(method)}
    return card_errors.declined(decline, extra=extra)


def _fail(work: Work, intent: Json, error: Json) -> None:
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
    work.save(intent)
    work.emit("payment_intent.payment_failed", intent)


def _fail_authentication(work: Work, intent: Json, method: Json) -> Json:
    code = "payment_intent_authentication_failure"
    error = {"type": "invalid_request_error", "code": code, "message": FAILED_AUTHENTICATION}
    error["doc_url"] = "https://docs.stripe.com/error-codes/payment-intent-authentication-failure"
    _fail(work, intent, error | {"payment_method": shown(method)})
    return intent
