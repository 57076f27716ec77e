"""Add Balance: choose an amount, pay once.

A large amount, and one that was read otherwise than it was typed, is first answered with what would be charged.

The form lives at an address with a number, and the number makes the idempotency key. So a double click, a reload, the
back button and a second tab all send the same key, and the verb answers each with the same payment. The session moves
on to the next number only when a payment has ended.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock, idempotency
from chalicelib.errors import Refusal
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.ledger.table import read_wallet
from chalicelib.money import InvalidDecimal, NotChargeable, format_amount, parse_micros
from chalicelib.payments import table as payments
from chalicelib.payments.new_payment import CardMissing
from chalicelib.payments.payment import Payment
from chalicelib.payments.refusals import CardDeclined, PaymentCanceled
from chalicelib.payments.top_up import TopUpOutOfLimits, TopUpRequest, check_amount, top_up
from chalicelib.portal import forms, render
from chalicelib.portal.request import Visit
from chalicelib.portal.typed_amount import LONGEST, TooManyPlaces
from chalicelib.stripe_api.errors import PaymentsUnavailable

OTHER: Final = "other"
FIELDS: Final = ("amount", "other")
REFUSALS: Final = (InvalidDecimal, TooManyPlaces, NotChargeable, TopUpOutOfLimits, CardMissing)
"""What the form itself can mend."""


def show(visit: Visit) -> Response:
    """Show the form of an attempt, or ask whether to charge what was typed; one that was sent leads to its payment."""
    if "attempt" not in visit.query:
        attempt = _next_attempt(visit)
        kept = {name: visit.query.get(name) for name in ("amount", "done")}
        return visit.go("add-balance", attempt=str(attempt), **kept)
    attempt = forms.number(visit.query, "attempt", 1)
    sent = _payment_of(visit, attempt)
    if sent:
        return visit.go("payments", sent.payment_id)
    if "ask" not in visit.query or not visit.may_act or visit.payer.card is None:
        return _form(visit, attempt, {"amount": visit.query.get("amount", "")})
    try:
        wanted = _wanted(visit, visit.query)
    except REFUSALS as refusal:
        return _refused(visit, attempt, visit.query, refusal)
    return render.page(visit, "add_balance_confirm.html", here="overview", attempt=attempt, wanted=wanted)


def send(visit: Visit) -> Response:
    """Take the form: charge the card on file, ask first whether to, or go and save another card first."""
    attempt, form = forms.number(visit.form, "attempt", 1), visit.form
    try:
        wanted = _wanted(visit, form)
        if form.get("card") == "another" or visit.payer.card is None:
            return visit.go("card", then="add-balance", amount=wanted.amount)
        if wanted.needs_a_look and form.get("confirmed") != str(wanted.micros):
            kept = {"amount": form.get("amount"), "other": form.get("other")}
            return visit.go("add-balance", attempt=str(attempt), ask="1", **kept)
        return _pay(visit, attempt, wanted.amount)
    except IdempotencyConflict:
        return _already_sent(visit, attempt)
    except REFUSALS as refusal:
        return _refused(visit, attempt, form, refusal)


def _refused(visit: Visit, attempt: int, fields: Mapping[str, str], refusal: Refusal) -> Response:
    """Show the form again, with what is wrong beside the field that it is about."""
    chosen = "other" if fields.get("amount", OTHER) == OTHER else "amount"
    refusal.about["field"] = "" if isinstance(refusal, CardMissing) else chosen
    given = {"amount": fields.get("amount", ""), "other": fields.get("other", "")}
    return _form(visit, attempt, given, forms.errors_of(visit, refusal, FIELDS), status=refusal.status)


def _pay(visit: Visit, attempt: int, amount: str) -> Response:
    """Pay, and go to the payment. Raises IdempotencyConflict, NotChargeable, TopUpOutOfLimits, CardMissing."""
    request, key = TopUpRequest(amount, visit.currency), visit.attempt_key(attempt)
    try:
        resolved = top_up(visit.payer, request, key=key, actor=visit.actor, catalog=visit.catalog)
    except (CardDeclined, PaymentCanceled) as refusal:
        visit.finish_attempt(attempt)
        return visit.go("payments", str(refusal.about["payment_id"]))
    except PaymentsUnavailable as refusal:
        return visit.go("payments", str(refusal.about["payment_id"]), note="unavailable")
    if resolved.payment.ended:
        visit.finish_attempt(attempt)
    return visit.go("payments", resolved.payment.payment_id)


class Wanted(msgspec.Struct, frozen=True):
    """The amount to charge; what was typed, and which shortcut was chosen, if any; whether to show it all first."""

    amount: str
    typed: str
    shortcut: str
    needs_a_look: bool

    @property
    def micros(self) -> int:
        """Return the amount in micros."""
        return parse_micros(self.amount)


def _wanted(visit: Visit, fields: Mapping[str, str]) -> Wanted:
    """Return what was chosen or typed. Raises InvalidDecimal, TooManyPlaces, NotChargeable, TopUpOutOfLimits."""
    chosen = fields.get("amount", OTHER)
    if chosen != OTHER:
        if chosen not in _shortcuts(visit):
            raise InvalidDecimal(chosen)
        typed_beside = fields.get("other", "")[:LONGEST]
        return Wanted(chosen, typed_beside, chosen, needs_a_look=bool(typed_beside))
    typed = forms.amount(visit, fields, "other")
    if typed is None:
        raise InvalidDecimal("")
    check_amount(typed.micros, visit.currency, visit.catalog)
    return Wanted(typed.amount, typed.text, "", forms.needs_a_look(typed, visit.catalog.limits(visit.currency)))


def _shortcuts(visit: Visit) -> list[str]:
    micros = visit.catalog.limits(visit.currency).top_up_shortcuts_micros
    return [format_amount(each, visit.currency) for each in micros]


def _next_attempt(visit: Visit) -> int:
    """Return the session's attempt; the one after it, if its payment has ended since."""
    attempt = visit.session.attempt
    sent = _payment_of(visit, attempt)
    if sent and sent.ended:
        visit.finish_attempt(attempt)
        return attempt + 1
    return attempt


def _payment_of(visit: Visit, attempt: int) -> Payment | None:
    payment_id = idempotency.resource_of(visit.account.account_id, visit.attempt_key(attempt))
    return payments.find(visit.account.account_id, payment_id) if payment_id else None


def _already_sent(visit: Visit, attempt: int) -> Response:
    """Show the payment that this form has made, with another amount: nothing more is charged."""
    sent = _payment_of(visit, attempt)
    if sent is None:
        visit.finish_attempt(attempt)
        return visit.go("add-balance")
    if sent.ended:
        visit.finish_attempt(attempt)
    return visit.go("payments", sent.payment_id, note="sent-before")


def _form(
    visit: Visit, attempt: int, given: dict[str, str], errors: forms.Errors | None = None, status: int = 200
) -> Response:
    limits = visit.catalog.limits(visit.currency)
    unresolved = [each for each in payments.unresolved(visit.account.account_id, clock.now_ms()) if each.fills_wallet]
    shown: dict[str, Any] = {
        "limits": limits,
        "shortcuts": _shortcuts(visit),
        "balance": read_wallet(visit.account.account_id).balance_micros,
        "given": _chosen(visit, given),
        "unconfirmed": [each for each in unresolved if each.state != "requires_action" and each.kind == "top_up"],
        "unverified": [each for each in unresolved if each.state == "requires_action"],
        "on_their_way": [each for each in unresolved if each.kind == "auto_pay"],
    }
    return render.page(
        visit,
        "add_balance.html",
        status=status,
        here="overview",
        attempt=attempt,
        errors=errors or {},
        **shown,
    )


def _chosen(visit: Visit, given: dict[str, str]) -> dict[str, str]:
    """Return what the form shows as chosen: a shortcut, or what was typed."""
    amount = given.get("amount", "")
    if amount in {OTHER, "", *_shortcuts(visit)}:
        return {"amount": amount, "other": given.get("other", "")}
    return {"amount": OTHER, "other": _typed(visit, amount)}


def _typed(visit: Visit, amount: str) -> str:
    """Return an amount of an address as one types it; nothing where it is none."""
    try:
        parse_micros(amount)
    except InvalidDecimal:
        return ""
    return visit.words.to_type(amount, visit.currency)
