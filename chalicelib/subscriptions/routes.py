"""Subscriptions over HTTP."""

from typing import Final

import msgspec

from chalicelib.accounts.account import AccountArchived
from chalicelib.accounts.permission import REFUSALS, Permission, Right, allow, check_right
from chalicelib.accounts.tax import tax_of
from chalicelib.accounts.viewer import Viewer
from chalicelib.cards.permission import allow_payer
from chalicelib.catalog.catalog import UnknownCurrency, catalog
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.http_input import MissingIdempotencyKey
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.money import InvalidDecimal, NotChargeable
from chalicelib.payments.new_payment import CardMissing
from chalicelib.payments.refusals import CardDeclined, PaymentCanceled
from chalicelib.payments.resolve import Resolution
from chalicelib.payments.routes import CHECK_AGAIN_SECONDS
from chalicelib.stripe_api.errors import PaymentsUnavailable, StripeUnavailable
from chalicelib.subscriptions import table
from chalicelib.subscriptions.change import change, preview
from chalicelib.subscriptions.check_change import AddOnInUse, QuoteChanged, SubscriptionPastDue, SubscriptionRenewing
from chalicelib.subscriptions.check_renewal import RenewalNotChargeable
from chalicelib.subscriptions.note_add_ons_in_use import InUseRequest, note_add_ons_in_use
from chalicelib.subscriptions.pause import PauseScheduled
from chalicelib.subscriptions.pay_past_due import NothingOwed, pay_past_due
from chalicelib.subscriptions.price import ProductRetired, TooManyOfAddOn, UnknownProduct
from chalicelib.subscriptions.renewal_hold import RenewalHeld
from chalicelib.subscriptions.request import ChargeRequest, SubscriptionRequest
from chalicelib.subscriptions.subscription import (
    Subscription,
    SubscriptionBusy,
    SubscriptionNotFound,
    SubscriptionPending,
)
from chalicelib.subscriptions.view import (
    ChangeView,
    PaidView,
    ResumedView,
    SubscriptionView,
    view_change,
    view_paid,
    view_subscription,
)
from chalicelib.subscriptions.withdraw_pending import withdraw_pending
from chalicelib.web import Answer, Call, Routes

TAG: Final = ("Subscription", "The plan and its add-ons, charged to the card for each period.")

routes = Routes(__name__, *TAG)

PATH: Final = "/v1/accounts/{account_id}/subscription"
CHARGE_REFUSALS: Final = (
    WorkspaceNotConnected,
    CardMissing,
    CardDeclined,
    PaymentCanceled,
    PaymentsUnavailable,
    IdempotencyConflict,
    MissingIdempotencyKey,
)


class ChangeQuery(msgspec.Struct, forbid_unknown_fields=True):
    """With `preview=true`, the answer says what the change would do and cost, and nothing is changed."""

    preview: bool = False


@routes.operation(
    "PUT",
    PATH,
    summary="Begin a subscription or change it; 202 when the customer has to act or the outcome is not known yet",
    description=(
        "What is added takes effect at once and costs the difference for the rest of the period; what is removed "
        "stays until its end. Ask with `preview=true` first, and send the amount back as `expected_amount`: then "
        "nothing else is charged."
    ),
    status=(200, 202),
    takes=SubscriptionRequest,
    example={"plan": "agency", "add_ons": {"phone_number": 2}},
    query=ChangeQuery,
    gives=ChangeView,
    refuses=(
        *REFUSALS,
        *CHARGE_REFUSALS,
        AccountArchived,
        UnknownCurrency,
        UnknownProduct,
        InvalidDecimal,
        NotChargeable,
        ProductRetired,
        TooManyOfAddOn,
        RenewalNotChargeable,
        SubscriptionPending,
        SubscriptionPastDue,
        SubscriptionRenewing,
        AddOnInUse,
        PauseScheduled,
        QuoteChanged,
        SubscriptionBusy,
    ),
    idempotent=True,
    key_optional=True,
)
def put_subscription(call: Call[SubscriptionRequest, ChangeQuery], account_id: str) -> Answer:
    allowed = allow_payer(call, account_id, Right.READ)
    if call.query.preview:
        found = preview(allowed.account, call.body, catalog())
        return Answer(view_change(found, catalog(), Viewer(allowed), is_preview=True), 200)
    check_right(allowed.caller, Right.ACT)
    key = call.optional_idempotency_key
    found = change(allowed.payer, call.body, key=key, actor=allowed.actor, catalog=catalog())
    return answer(view_change(found, catalog(), Viewer(allowed), is_preview=False), found.resolved)


@routes.operation(
    "GET",
    PATH,
    summary="Show the subscription",
    description=(
        "The plan, its add-ons and prices, the period, what the next renewal will cost, and what is owed, if anything."
    ),
    gives=SubscriptionView,
    refuses=(*REFUSALS, UnknownCurrency, SubscriptionNotFound),
)
def get_subscription(call: Call[None, None], account_id: str) -> SubscriptionView:
    allowed = allow(call, account_id, Right.READ)
    return show(table.get(account_id), allowed)


@routes.operation(
    "DELETE",
    f"{PATH}/pending",
    summary="Withdraw what waits for the customer to confirm its payment; nothing is charged",
    description=(
        "For a change or a start whose payment waits for 3-D Secure: it is canceled at Stripe, and nothing has changed."
    ),
    status=204,
    refuses=(
        *REFUSALS,
        SubscriptionNotFound,
        SubscriptionPending,
        SubscriptionBusy,
        StripeUnavailable,
        PaymentsUnavailable,
    ),
)
def delete_pending(call: Call[None, None], account_id: str) -> None:
    allow(call, account_id, Right.ACT)
    withdraw_pending(account_id, catalog())


@routes.operation(
    "POST",
    f"{PATH}/pay",
    summary="Pay a renewal that is owed; 202 when the customer has to act or the outcome is not known yet",
    description=(
        "With the customer there, so that the bank may ask them. Another card on file is tried by itself, without "
        "this. A renewal that costs nothing by now is renewed without a payment. Send the amount that the customer "
        "saw, `owed.charge.amount`, as `expected_amount`: nothing else is charged."
    ),
    status=(200, 202),
    takes=ChargeRequest,
    body_optional=True,
    example={"expected_amount": "97.00"},
    gives=PaidView,
    refuses=(
        *REFUSALS,
        *CHARGE_REFUSALS,
        StripeUnavailable,
        AccountArchived,
        UnknownCurrency,
        SubscriptionNotFound,
        NothingOwed,
        SubscriptionPending,
        InvalidDecimal,
        QuoteChanged,
        SubscriptionBusy,
        RenewalHeld,
    ),
    idempotent=True,
)
def pay_subscription(call: Call[ChargeRequest, None], account_id: str) -> Answer:
    allowed, expected = allow_payer(call, account_id, Right.ACT), call.body.expected_micros
    key = call.idempotency_key
    charged = pay_past_due(allowed.payer, key=key, actor=allowed.actor, catalog=catalog(), expected_micros=expected)
    shown = view_paid(charged, catalog(), tax_of(allowed.account, catalog()), Viewer(allowed))
    return answer(shown, charged.resolved)


@routes.operation(
    "PUT",
    f"{PATH}/in-use",
    summary="Note how many of each add-on are in use: fewer cannot be subscribed to",
    description=(
        "The operator's: say how many of each add-on are in use, such as phone numbers, and nobody can subscribe "
        "to fewer."
    ),
    takes=InUseRequest,
    example={"add_ons": {"phone_number": 2}},
    gives=SubscriptionView,
    refuses=(*REFUSALS, UnknownCurrency, SubscriptionNotFound, SubscriptionBusy),
)
def put_in_use(call: Call[InUseRequest, None], account_id: str) -> SubscriptionView:
    allowed = allow(call, account_id, Right.OPERATE)
    return show(note_add_ons_in_use(account_id, call.body), allowed)


def show(subscription: Subscription, allowed: Permission) -> SubscriptionView:
    """Show a subscription to somebody; the operator reads more."""
    operator = Viewer(allowed) if allowed.caller.role == "operator" else None
    return view_subscription(subscription, catalog(), tax_of(allowed.account, catalog()), operator=operator)


def answer(body: ChangeView | PaidView | ResumedView, resolved: Resolution | None) -> Answer:
    """Answer 202 while a payment has not ended."""
    if resolved is None or resolved.payment.ended:
        return Answer(body, 200)
    return Answer(body, 202, {"Retry-After": CHECK_AGAIN_SECONDS})
