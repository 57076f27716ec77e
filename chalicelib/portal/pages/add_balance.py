"""Add Balance: choose an amount, pay once.

The form lives at an address with a number, and the number makes the idempotency key. So a double click, a reload, the
back button and a second tab all send the same key, and the verb answers each with the same payment. The session moves
on to the next number only when a payment has ended.
"""

from typing import Any, Final

from chalice.app import Response

from chalicelib import clock, idempotency
from chalicelib.errors import Refusal
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.ledger.table import read_wallet
from chalicelib.money import InvalidDecimal, NotChargeable, format_amount
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.stripe_errors import PaymentsUnavailable
from chalicelib.payments.top_up import (
    CardDeclined,
    CardMissing,
    PaymentCanceled,
    TopUpOutOfLimits,
    TopUpRequest,
    top_up,
)
from chalicelib.portal import forms, render
from chalicelib.portal.visit import Visit

OTHER: Final = "other"
FIELDS: Final = ("amount",)


def show(visit: Visit) -> Response:
    """Show the form of an attempt; one that was sent leads to its payment."""
    if "attempt" not in visit.query:
        attempt = _next_attempt(visit)
        kept = {name: visit.query.get(name) for name in ("amount", "done")}
        return visit.go("add-balance", attempt=str(attempt), **kept)
    attempt = forms.number(visit.query, "attempt", 1)
    sent = _payment_of(visit, attempt)
    if sent:
        return visit.go("payments", sent.payment_id)
    return _form(visit, attempt, {"amount": visit.query.get("amount", "")})


def send(visit: Visit) -> Response:
    """Take the form: charge the card on file, or go and save another one first."""
    attempt = forms.number(visit.form, "attempt", 1)
    given = {"amount": visit.form.get("amount", ""), "other": visit.form.get("other", "")}
    try:
        amount = _amount(visit)
    except InvalidDecimal as refusal:
        return _form(visit, attempt, given, forms.errors_of(visit, refusal, FIELDS), status=422)
    if visit.form.get("card") == "another" or visit.account.card is None:
        return visit.go("card", then="add-balance", amount=amount)
    try:
        return _pay(visit, attempt, amount)
    except IdempotencyConflict:
        return _already_sent(visit, attempt)
    except (NotChargeable, TopUpOutOfLimits, CardMissing) as refusal:
        refusal.about["field"] = "amount" if not isinstance(refusal, CardMissing) else ""
        return _form(visit, attempt, given, forms.errors_of(visit, refusal, FIELDS), status=refusal.status)


def _pay(visit: Visit, attempt: int, amount: str) -> Response:
    """Pay, and go to the payment. Raises IdempotencyConflict, NotChargeable, TopUpOutOfLimits, CardMissing."""
    request, key = TopUpRequest(amount, visit.currency), visit.attempt_key(attempt)
    try:
        resolved = top_up(visit.account, request, key=key, actor=visit.actor, catalog=visit.catalog)
    except (CardDeclined, PaymentCanceled) as refusal:
        visit.finish_attempt(attempt)
        return visit.go("payments", str(refusal.about["payment_id"]))
    except PaymentsUnavailable as refusal:
        return visit.go("payments", str(refusal.about["payment_id"]), note="unavailable")
    if resolved.payment.ended:
        visit.finish_attempt(attempt)
    return visit.go("payments", resolved.payment.payment_id)


def _amount(visit: Visit) -> str:
    """Return what was chosen or typed. Raises InvalidDecimal."""
    chosen = visit.form.get("amount")
    if chosen and chosen != OTHER:
        return chosen
    typed = forms.amount(visit, "other")
    if typed is None:
        raise InvalidDecimal("")
    return typed


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
    limits, currency = visit.catalog.limits(visit.currency), visit.currency
    unresolved = [each for each in payments.unresolved(visit.account.account_id, clock.now_ms()) if each.fills_wallet]
    shown: dict[str, Any] = {
        "limits": limits,
        "shortcuts": [format_amount(each, currency) for each in limits.top_up_shortcuts_micros],
        "balance": read_wallet(visit.account.account_id).balance_micros,
        "given": _chosen(visit, given, limits.top_up_shortcuts_micros),
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
        format_amount=format_amount,
        **shown,
    )


def _chosen(visit: Visit, given: dict[str, str], shortcuts: tuple[int, ...]) -> dict[str, str]:
    """Return what the form shows as chosen: a shortcut, or what was typed."""
    amount, known = given.get("amount", ""), {format_amount(each, visit.currency) for each in shortcuts}
    if amount in known or amount == OTHER or not amount:
        return {"amount": amount, "other": given.get("other", "")}
    return {"amount": OTHER, "other": _typed(visit, amount)}


def _typed(visit: Visit, amount: str) -> str:
    try:
        return visit.words.to_type(amount, visit.currency)
    except (ArithmeticError, ValueError, Refusal):
        return ""
