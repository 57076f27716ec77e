"""Stopping a subscription over HTTP: cancel it, pause it, and take that back."""

from typing import Final

from chalicelib.accounts.account import AccountArchived
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.accounts.viewer import Viewer
from chalicelib.cards.permission import allow_payer
from chalicelib.catalog.catalog import UnknownCurrency, catalog
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.money import InvalidDecimal
from chalicelib.stripe_api.errors import StripeUnavailable
from chalicelib.subscriptions.cancel import AlreadyCanceled, cancel
from chalicelib.subscriptions.cancellation import CancelRequest
from chalicelib.subscriptions.check_change import QuoteChanged, SubscriptionPastDue, SubscriptionRenewing
from chalicelib.subscriptions.check_pause import NotPausable, PauseDateInvalid
from chalicelib.subscriptions.pause import PauseRequest
from chalicelib.subscriptions.renewal_hold import RenewalHeld
from chalicelib.subscriptions.request import ChargeRequest
from chalicelib.subscriptions.resume import NotCanceled, resume
from chalicelib.subscriptions.routes import CHARGE_REFUSALS, PATH, TAG, answer, show
from chalicelib.subscriptions.schedule_pause import schedule_pause
from chalicelib.subscriptions.subscription import SubscriptionBusy, SubscriptionNotFound, SubscriptionPending
from chalicelib.subscriptions.view import ResumedView, SubscriptionView, view_resumed
from chalicelib.web import Answer, Call, Routes

routes = Routes(__name__, *TAG)

CANCEL_REFUSALS: Final = (
    *REFUSALS,
    UnknownCurrency,
    SubscriptionNotFound,
    AlreadyCanceled,
    SubscriptionBusy,
    IdempotencyConflict,
)


@routes.operation(
    "DELETE",
    PATH,
    summary="Cancel the subscription at its period's end; one that is owed ends at once",
    description=(
        "It runs on until the end of what is paid, and can be resumed until then. One whose renewal is unpaid "
        "ends at once. A change that was to come at the period's end is dropped."
    ),
    gives=SubscriptionView,
    refuses=CANCEL_REFUSALS,
    idempotent=True,
    key_optional=True,
)
def delete_subscription(call: Call[None, None], account_id: str) -> SubscriptionView:
    allowed = allow(call, account_id, Right.ACT)
    key = call.optional_idempotency_key
    return show(cancel(account_id, actor=allowed.actor, catalog=catalog(), key=key), allowed)


@routes.operation(
    "POST",
    f"{PATH}/cancel",
    summary="Cancel the subscription and say why",
    description=(
        "As `DELETE`, with an optional `reason` and `comment`. They are in the event `subscription.canceled`, and the "
        "operator reads them in `cancellation`."
    ),
    takes=CancelRequest,
    example={"reason": "too_expensive", "comment": "We only send a few messages."},
    gives=SubscriptionView,
    refuses=CANCEL_REFUSALS,
    idempotent=True,
    key_optional=True,
)
def cancel_subscription(call: Call[CancelRequest, None], account_id: str) -> SubscriptionView:
    allowed, key = allow(call, account_id, Right.ACT), call.optional_idempotency_key
    return show(cancel(account_id, call.body, actor=allowed.actor, catalog=catalog(), key=key), allowed)


@routes.operation(
    "POST",
    f"{PATH}/pause",
    summary="Pause the subscription from its period's end until a day",
    description=(
        "What is paid stays until the period ends. From then on its status is `paused` and nothing is charged; on the "
        "day, at the time of day of the period's end, it continues and the next period is charged. The plan has to "
        "allow it; `pausable` in the subscription says until when. Send it again for another day."
    ),
    takes=PauseRequest,
    example={"until": "2027-03-31", "reason": "We're closed in winter."},
    gives=SubscriptionView,
    refuses=(
        *REFUSALS,
        UnknownCurrency,
        SubscriptionNotFound,
        NotPausable,
        PauseDateInvalid,
        SubscriptionPending,
        SubscriptionPastDue,
        SubscriptionRenewing,
        SubscriptionBusy,
        IdempotencyConflict,
    ),
    idempotent=True,
    key_optional=True,
)
def pause_subscription(call: Call[PauseRequest, None], account_id: str) -> SubscriptionView:
    allowed, key = allow(call, account_id, Right.ACT), call.optional_idempotency_key
    return show(schedule_pause(account_id, call.body, actor=allowed.actor, catalog=catalog(), key=key), allowed)


@routes.operation(
    "POST",
    f"{PATH}/resume",
    summary="Take back a cancellation or a pause that is to come, or end a pause now",
    description=(
        "Until the period ends, a cancellation or a pause is taken back for nothing. If it is paused, the next period "
        "begins now and is charged now, for which an `Idempotency-Key` is needed; if the payment fails, it stays "
        "paused. Send `0` as `expected_amount` to take back only what is to come, or the amount of `next_renewal` to "
        "end a pause: nothing else is charged. One that has ended is begun anew with `PUT`."
    ),
    status=(200, 202),
    takes=ChargeRequest,
    body_optional=True,
    example={"expected_amount": "97.00"},
    gives=ResumedView,
    refuses=(
        *REFUSALS,
        *CHARGE_REFUSALS,
        StripeUnavailable,
        AccountArchived,
        UnknownCurrency,
        SubscriptionNotFound,
        NotCanceled,
        SubscriptionPending,
        SubscriptionRenewing,
        RenewalHeld,
        InvalidDecimal,
        QuoteChanged,
        SubscriptionBusy,
    ),
    idempotent=True,
    key_optional=True,
)
def resume_subscription(call: Call[ChargeRequest, None], account_id: str) -> Answer:
    allowed, expected = allow_payer(call, account_id, Right.ACT), call.body.expected_micros
    key = call.optional_idempotency_key
    charged = resume(allowed.payer, actor=allowed.actor, catalog=catalog(), key=key, expected_micros=expected)
    return answer(view_resumed(charged, show(charged.subscription, allowed), Viewer(allowed)), charged.resolved)
