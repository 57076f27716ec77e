"""Payments over HTTP: add balance, list payments, check one again."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.accounts.account import AccountArchived, CurrencyMismatch
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.accounts.viewer import Viewer
from chalicelib.api_tags import PAYMENTS
from chalicelib.cards.choose_card import CardNotFound
from chalicelib.cards.permission import allow_payer
from chalicelib.catalog.catalog import catalog
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.cursor import InvalidCursor
from chalicelib.http_input import MissingIdempotencyKey
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.ledger.table import read_wallet
from chalicelib.money import InvalidDecimal, NotChargeable
from chalicelib.payments import table
from chalicelib.payments.new_payment import CardMissing
from chalicelib.payments.payment import PaymentNotFound
from chalicelib.payments.refusals import CardDeclined, PaymentCanceled
from chalicelib.payments.resolve import resolve
from chalicelib.payments.table import PaymentBusy
from chalicelib.payments.top_up import TopUpOutOfLimits, TopUpRequest, top_up
from chalicelib.payments.view import PaymentList, TopUpView, view_payment, view_resolution
from chalicelib.stripe_api.errors import PaymentsUnavailable
from chalicelib.web import Answer, Call, Routes

routes = Routes(__name__, *PAYMENTS)

CHECK_AGAIN_SECONDS = "3"
"""When a client may check an unresolved payment again: most of Stripe's answers have arrived by then."""


class PaymentsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """How many payments, and where to go on."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 25
    cursor: Annotated[str, Meta(max_length=200)] | None = None


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/top-ups",
    summary="Add balance with a card on file; 202 if the customer has to act, or the outcome is not known yet",
    description=(
        "Charges the default card, or the one of `card_id`, and credits the wallet in one go. After 202, let the "
        "browser confirm with what `authentication` holds, or check the payment again: never pay a second time. The "
        "webhook and a sweep find the outcome as well."
    ),
    status=(201, 202),
    takes=TopUpRequest,
    example={"amount": "25.00"},
    gives=TopUpView,
    refuses=(
        *REFUSALS,
        AccountArchived,
        MissingIdempotencyKey,
        IdempotencyConflict,
        InvalidDecimal,
        CurrencyMismatch,
        NotChargeable,
        TopUpOutOfLimits,
        WorkspaceNotConnected,
        CardMissing,
        CardNotFound,
        CardDeclined,
        PaymentCanceled,
        PaymentBusy,
        PaymentsUnavailable,
    ),
    idempotent=True,
)
def add_balance(call: Call[TopUpRequest, None], account_id: str) -> Answer:
    allowed = allow_payer(call, account_id, Right.ACT)
    key = call.idempotency_key
    resolution = top_up(allowed.payer, call.body, key=key, actor=allowed.actor, catalog=catalog())
    body = view_resolution(resolution, read_wallet(account_id), Viewer(allowed))
    if resolution.payment.ended:
        return Answer(body, 201)
    return Answer(body, 202, {"Retry-After": CHECK_AGAIN_SECONDS})


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/payments",
    summary="List payments, newest first",
    description="Every attempt at charging a card, with its state: top-ups, refills, and the subscription's.",
    query=PaymentsQuery,
    gives=PaymentList,
    refuses=(*REFUSALS, InvalidCursor),
)
def list_payments(call: Call[None, PaymentsQuery], account_id: str) -> PaymentList:
    viewer = Viewer(allow(call, account_id, Right.READ))
    batch = table.newest(account_id, limit=call.query.limit, cursor=call.query.cursor)
    return PaymentList([view_payment(each, viewer) for each in batch.payments], batch.next_cursor)


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/payments/{payment_id}/refresh",
    summary="Check an unresolved payment again, with Stripe",
    description=(
        "Asks Stripe how a payment stands, and accounts for the answer at once. One that has failed and could still "
        "be paid is canceled at Stripe; of one that nobody can pay any more nothing is asked."
    ),
    gives=TopUpView,
    refuses=(*REFUSALS, PaymentNotFound, PaymentBusy, PaymentsUnavailable),
)
def refresh_payment(call: Call[None, None], account_id: str, payment_id: str) -> TopUpView:
    viewer = Viewer(allow(call, account_id, Right.ACT))
    resolution = resolve(table.get(account_id, payment_id)).require_available()
    return view_resolution(resolution, read_wallet(account_id), viewer)
