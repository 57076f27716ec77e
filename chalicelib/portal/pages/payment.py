"""A payment: its receipt, or its state and what to do about it."""

from typing import Any

import msgspec
from chalice.app import Response

from chalicelib.ledger.table import read_wallet
from chalicelib.money import format_micros
from chalicelib.payments import table
from chalicelib.payments.resolve import resolve
from chalicelib.payments.view import view_authentication, view_payment
from chalicelib.portal import render
from chalicelib.portal.policy import PAGE_HEADERS, Headers
from chalicelib.portal.refusals import why_failed
from chalicelib.portal.request import PortalRequest


def show(request: PortalRequest, payment_id: str) -> Response:
    """Show a payment as it is known here; a separate form asks Stripe. Raises PaymentNotFound."""
    payment = table.get(request.account.account_id, payment_id)
    failure = payment.failure
    return render.page(
        request,
        "payment.html",
        here="overview" if payment.fills_wallet else "plan",
        with_stripe=payment.state == "requires_action" and request.may_act,
        payment=view_payment(payment, request.viewer),
        fills_wallet=payment.fills_wallet,
        balance=read_wallet(payment.account_id).balance_micros,
        micros=format_micros,
        why=why_failed(failure.code, failure.decline_code, request.words) if failure else None,
        note=request.query.get("note"),
        has_refund=payment.refunded_micros > 0,
    )


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
