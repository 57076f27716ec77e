"""Payments over HTTP: Add Balance, payments, the card, adjustments by hand, and Stripe's webhooks."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.accounts.allow import REFUSALS, Right, allow
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso
from chalicelib.http_input import BodyTooLarge, MissingIdempotencyKey
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.ledger.post import LedgerBusy
from chalicelib.ledger.statement import InvalidCursor
from chalicelib.ledger.table import read_wallet
from chalicelib.money import InvalidDecimal, NotChargeable, format_amount, parse_micros
from chalicelib.payments import card, table, webhook
from chalicelib.payments.adjust import AdjustmentRequest, EmptyAdjustment, adjust
from chalicelib.payments.card import CardRequest, CardSetupUnfinished, CardSetupUnknown, CardSuperseded
from chalicelib.payments.payment import PaymentNotFound
from chalicelib.payments.resolve import resolve
from chalicelib.payments.signature import InvalidSignature
from chalicelib.payments.stripe_errors import (
    CardRefused,
    DetailsRefused,
    PaymentsUnavailable,
    StripeRefused,
    StripeUnavailable,
)
from chalicelib.payments.table import PaymentBusy
from chalicelib.payments.top_up import (
    CardDeclined,
    CardMissing,
    CurrencyMismatch,
    PaymentCanceled,
    TopUpOutOfLimits,
    TopUpRequest,
    top_up,
)
from chalicelib.payments.view import (
    AdjustmentView,
    CardSetupView,
    CardView,
    PaymentList,
    TopUpView,
    view_balance,
    view_card,
    view_card_setup,
    view_payment,
    view_resolved,
)
from chalicelib.payments.webhook import MalformedEvent, WebhookUnprocessed, WrongApiVersion, WrongMode
from chalicelib.web import Answer, Call, Routes

routes = Routes(__name__, "Payments", "Money from cards: the card on file, adding balance, and how payments stand.")

EVENT_BYTES = 4 * 1024 * 1024
"""A Lambda function is handed at most 6 MB, with the body as a JSON string in it. Stripe's events have a few KB."""

STRIPE_REFUSALS = (StripeUnavailable, PaymentsUnavailable, StripeRefused, CardRefused, DetailsRefused)
"""What a request that Stripe answers directly may be refused with."""

CHECK_AGAIN_SECONDS = "3"
"""When a client may check an unresolved payment again: most of Stripe's answers are there by then."""


class PaymentsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """How many payments, and from where on."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 25
    cursor: Annotated[str, Meta(max_length=200)] | None = None


class WebhookView(msgspec.Struct):
    """What became of an event."""

    state: str
    reason: str | None


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/top-ups",
    summary="Add balance with the card on file; 202 when the customer has to act or the outcome is not known yet",
    description=(
        "Charges the card on file and credits the wallet in one go. After 202, let the browser confirm with what "
        "`authentication` holds, or check the payment again: never pay a second time. The webhook and a sweep "
        "find the outcome as well."
    ),
    status=(201, 202),
    takes=TopUpRequest,
    example={"amount": "25.00"},
    gives=TopUpView,
    refuses=(
        *(*REFUSALS, MissingIdempotencyKey, IdempotencyConflict, InvalidDecimal, CurrencyMismatch, NotChargeable),
        *(TopUpOutOfLimits, CardMissing, CardDeclined, PaymentCanceled, PaymentBusy, PaymentsUnavailable),
    ),
    idempotent=True,
)
def add_balance(call: Call[TopUpRequest, None], account_id: str) -> Answer:
    allowed = allow(call, account_id, Right.ACT)
    key = call.idempotency_key
    resolved = top_up(allowed.account, call.body, key=key, actor=allowed.actor, catalog=catalog())
    body = view_resolved(resolved, read_wallet(account_id))
    if resolved.payment.ended:
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
    allow(call, account_id, Right.READ)
    listed = table.newest(account_id, limit=call.query.limit, cursor=call.query.cursor)
    return PaymentList([view_payment(each) for each in listed.payments], listed.next_cursor)


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
    allow(call, account_id, Right.ACT)
    return view_resolved(resolve(table.get(account_id, payment_id)).unless_held(), read_wallet(account_id))


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/card-setups",
    summary="Start saving a card: what the browser needs to ask for it",
    description=(
        "Give `client_secret` and `publishable_key` to Stripe's own fields in the browser: card numbers never "
        "come here. When the browser has confirmed the setup, put its id on file with `PUT .../card`."
    ),
    status=201,
    gives=CardSetupView,
    refuses=(*REFUSALS, *STRIPE_REFUSALS),
)
def start_card_setup(call: Call[None, None], account_id: str) -> CardSetupView:
    return view_card_setup(card.start_setup(allow(call, account_id, Right.ACT).account))


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/card",
    summary="Put the card of a finished setup on file",
    description=(
        "Takes the id of the setup that the browser has confirmed. The card replaces the one on file; what is "
        "owed, and auto-pay that was suspended, go on with it."
    ),
    takes=CardRequest,
    example={"setup_intent_id": "seti_1Q2w3E"},
    gives=CardView,
    refuses=(*REFUSALS, CardSetupUnknown, CardSetupUnfinished, CardSuperseded, *STRIPE_REFUSALS),
)
def put_card(call: Call[CardRequest, None], account_id: str) -> CardView:
    return view_card(card.keep(allow(call, account_id, Right.ACT).account, call.body.setup_intent_id))


@routes.operation(
    "DELETE",
    "/v1/accounts/{account_id}/card",
    summary="Take the card off file",
    description=(
        "Stripe forgets the card as well. Auto-pay and renewals then fail until there is another. Without a card "
        "it does nothing."
    ),
    status=204,
    refuses=REFUSALS,
)
def delete_card(call: Call[None, None], account_id: str) -> None:
    card.remove(allow(call, account_id, Right.ACT).account)


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/adjustments",
    summary="Credit or debit a wallet by hand, with a reason",
    description=(
        "The operator's own correction, such as a welcome credit: no card is charged. A debit may take the "
        "balance below zero. The reason is shown to the customer."
    ),
    status=201,
    takes=AdjustmentRequest,
    example={"type": "credit", "amount": "10.00", "reason": "Welcome credit"},
    gives=AdjustmentView,
    refuses=(
        *(*REFUSALS, MissingIdempotencyKey, IdempotencyConflict, InvalidDecimal, CurrencyMismatch),
        *(EmptyAdjustment, LedgerBusy),
    ),
    idempotent=True,
)
def post_adjustment(call: Call[AdjustmentRequest, None], account_id: str) -> AdjustmentView:
    allowed = allow(call, account_id, Right.OPERATE)
    body, currency = call.body, allowed.account.currency
    claim = adjust(allowed.account, body, key=call.idempotency_key, actor=allowed.actor)
    return AdjustmentView(
        adjustment_id=claim.resource_id,
        type=body.type,
        amount=format_amount(parse_micros(body.amount), currency),
        currency=currency,
        reason=body.reason,
        created_at=iso(claim.created_at_ms),
        wallet=view_balance(read_wallet(account_id)),
    )


@routes.operation(
    "POST",
    "/webhooks/stripe",
    summary="Take an event from Stripe",
    description=(
        "Give this address to Stripe as a webhook endpoint. Events are checked by their signature, done once "
        "however often they come, and answered 503 when they could not be processed, so that Stripe sends them "
        "again. Unknown types are ignored."
    ),
    gives=WebhookView,
    refuses=(BodyTooLarge, InvalidSignature, MalformedEvent, WrongMode, WrongApiVersion, WebhookUnprocessed),
    public=True,
    body_bytes=EVENT_BYTES,
)
def receive_webhook(call: Call[None, None]) -> WebhookView:
    verdict = webhook.receive(call.raw_body, call.headers.get("stripe-signature", ""))
    return WebhookView(verdict.state, verdict.reason)
