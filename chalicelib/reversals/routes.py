"""Refunds over HTTP, and a payment with its refunds and disputes."""

from chalicelib.accounts.account import CurrencyMismatch
from chalicelib.accounts.permission import REFUSALS, Right, allow, allow_above, check_is_seller
from chalicelib.accounts.view import view_balance
from chalicelib.accounts.viewer import Viewer
from chalicelib.api_tags import PAYMENTS
from chalicelib.connection.refusals import StripeAccountDisconnected
from chalicelib.http_input import MissingIdempotencyKey
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.ledger.post import LedgerBusy
from chalicelib.ledger.table import read_wallet
from chalicelib.money import InvalidDecimal, NotChargeable
from chalicelib.payments import table as payments
from chalicelib.payments.payment import PaymentNotFound
from chalicelib.payments.table import PaymentBusy
from chalicelib.payments.view import view_payment
from chalicelib.reversals import table
from chalicelib.reversals.issue_refund import (
    NothingToRefund,
    PaymentDisputed,
    PaymentNotRefundable,
    RefundFailed,
    RefundRequest,
    RefundTooLarge,
    refund,
)
from chalicelib.reversals.view import PaymentDetail, RefundedView, view_detail, view_refund
from chalicelib.web import Answer, Call, Routes

routes = Routes(__name__, *PAYMENTS)

CHECK_AGAIN_SECONDS = "3"
"""After how long a request whose outcome is not known may be repeated."""


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/payments/{payment_id}",
    summary="Show a payment with its refunds and disputes",
    description=(
        "One payment with all that came back of it: refunds with their states, and disputes with Stripe's reasons."
    ),
    gives=PaymentDetail,
    refuses=(*REFUSALS, PaymentNotFound),
)
def get_payment(call: Call[None, None], account_id: str, payment_id: str) -> PaymentDetail:
    viewer = Viewer(allow(call, account_id, Right.READ))
    return view_detail(table.read(payments.get(account_id, payment_id)), viewer)


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/payments/{payment_id}/refunds",
    summary="Refund a payment to its card, whole or in part; 202 when the outcome is not known yet: send it again",
    description=(
        "For the operator, and for a workspace's owner on what its clients paid it. Without an amount it is all that "
        "can be refunded; of a top-up that is what is left of it in the wallet, which is debited at once. A refund "
        "that the bank sends back is credited again."
    ),
    status=(201, 202),
    takes=RefundRequest,
    example={"reason": "Charged by mistake", "amount": "5.00"},
    gives=RefundedView,
    refuses=(
        *REFUSALS,
        MissingIdempotencyKey,
        IdempotencyConflict,
        InvalidDecimal,
        CurrencyMismatch,
        NotChargeable,
        PaymentNotFound,
        StripeAccountDisconnected,
        PaymentNotRefundable,
        PaymentDisputed,
        NothingToRefund,
        RefundTooLarge,
        RefundFailed,
        PaymentBusy,
        LedgerBusy,
    ),
    idempotent=True,
)
def refund_payment(call: Call[RefundRequest, None], account_id: str, payment_id: str) -> Answer:
    allowed = allow_above(call, account_id)
    body = call.body
    check_is_seller(allowed, payments.get(account_id, payment_id).seller_id(allowed.account))
    made = refund(allowed.account, payment_id, body, key=call.idempotency_key, actor=allowed.actor)
    viewer = Viewer(allowed)
    payment = view_payment(payments.get(account_id, payment_id), viewer)
    shown = RefundedView(view_refund(made, viewer), payment, view_balance(read_wallet(account_id)))
    if made.state == "created":
        return Answer(shown, 202, {"Retry-After": CHECK_AGAIN_SECONDS})
    return Answer(shown, 201)
