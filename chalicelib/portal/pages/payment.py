"""A payment: its receipt, or its state and what to do about it."""

from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.ledger.statement import Filter, read_history
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.transaction import Transaction
from chalicelib.payments import table
from chalicelib.payments.payment import Payment
from chalicelib.payments.resolve import resolve
from chalicelib.payments.view import view_authentication, view_payment
from chalicelib.portal import render
from chalicelib.portal.invoice_list import shown_status
from chalicelib.portal.payment_outcome import name_dispute, outcome_of
from chalicelib.portal.policy import PAGE_HEADERS, Headers
from chalicelib.portal.request import PortalRequest
from chalicelib.reversals import table as reversals
from chalicelib.reversals.reversal import Reversals

SAME_MOMENT: Final = 50
"""Credits of one kind and one millisecond that are looked at to find a payment's: never more than one or two."""

INDEX_BEHIND_MS: Final = 60_000


def show(request: PortalRequest, payment_id: str) -> Response:
    """Show a payment as it is known here; a separate form asks Stripe. Raises PaymentNotFound."""
    payment = table.get(request.account.account_id, payment_id)
    found = reversals.read(payment) if payment.state == "succeeded" else Reversals(payment)
    return render.page(
        request,
        "payment.html",
        here="overview" if payment.fills_wallet else "plan",
        with_stripe=payment.state == "requires_action" and request.may_act,
        payment=view_payment(payment, request.viewer),
        outcome=outcome_of(found, request.words),
        is_failed=payment.state in {"failed", "canceled"},
        fills_wallet=payment.fills_wallet,
        became=shown_status(payment),
        note=request.query.get("note"),
        has_refund=payment.refunded_micros > 0,
        dispute=name_dispute(payment.dispute_status, request.words) if payment.dispute_status else None,
        **_balance(payment),
    )


def _balance(payment: Payment) -> dict[str, Any]:
    """Return the balance right after a payment was credited, and whether that is still the balance.

    It is what the credit's own transaction says, however much has been used or refunded since. The index that finds the
    transaction may be a moment behind: a payment that has just succeeded shows the wallet.
    """
    if not payment.fills_wallet or payment.state != "succeeded":
        return {"balance_after": None, "is_latest": False}
    credit, wallet = _find_credit(payment), read_wallet(payment.account_id)
    if credit:
        return {"balance_after": credit.balance_after_micros, "is_latest": wallet.sequence == credit.sequence}
    has_just_ended = clock.now_ms() - payment.state_at_ms < INDEX_BEHIND_MS
    return {"balance_after": wallet.balance_micros if has_just_ended else None, "is_latest": True}


def _find_credit(payment: Payment) -> Transaction | None:
    at_ms = payment.created_at_ms
    wanted = Filter(type="credit", kind=payment.kind, from_ms=at_ms, to_ms=at_ms + 1)
    listed = read_history(payment.account_id, wanted, limit=SAME_MOMENT).transactions
    return next((each for each in listed if each.identity.event_id == payment.payment_id), None)


class StateView(msgspec.Struct):
    """A payment's state, and what to tell a person whose page shows another one."""

    state: str
    text: str


def show_state(request: PortalRequest, payment_id: str) -> Response:
    """Answer the page's script with a payment's state as it is known here, and ask nobody. Raises PaymentNotFound."""
    payment = table.get(request.account.account_id, payment_id)
    return json(StateView(payment.state, outcome_of(Reversals(payment), request.words).heading))


def check(request: PortalRequest, payment_id: str) -> Response:
    """Ask Stripe for a payment's state, and show it. Raises PaymentNotFound, PaymentBusy."""
    resolved = resolve(table.get(request.account.account_id, payment_id))
    note = None if resolved.payment.ended else "unavailable" if resolved.unavailable else "still-open"
    return request.go("payments", payment_id, note=note)


def authenticate(request: PortalRequest, payment_id: str) -> Response:
    """Answer the page's script with what it needs for 3-D Secure. Raises PaymentNotFound, PaymentBusy."""
    found = view_authentication(resolve(table.get(request.account.account_id, payment_id)))
    return json(found)


def json(body: Any, status: int = 200) -> Response:
    """Answer the page's own script."""
    headers: Headers = {**PAGE_HEADERS, "Content-Type": "application/json"}
    return Response(msgspec.json.encode(body).decode(), headers, status)
