"""Cancel a subscription: at its period's end, or at once if it owes a period or is paused."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.catalog.catalog import Catalog
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.subscriptions.cancellation import WITHOUT_REASON, Cancellation, CancelRequest
from chalicelib.subscriptions.dunning import end_subscription
from chalicelib.subscriptions.subscription import OWING, Subscription
from chalicelib.subscriptions.write_once import write_once

CANCELLATION: Final = "subscription_cancellation"
NOTHING_SAID: Final[Mapping[str, Any]] = {}


class AlreadyCanceled(Refusal):
    """It is canceled, or will be at its period's end."""

    status = 409
    type = "already-canceled"
    title = "The subscription is canceled already"

    def __init__(self) -> None:
        super().__init__("the subscription was canceled before")


def cancel(
    account_id: str,
    request: CancelRequest = WITHOUT_REASON,
    *,
    actor: str,
    catalog: Catalog,
    key: Key | None = None,
) -> Subscription:
    """End a subscription at its period's end; one that owes a period or is paused ends at once.

    A change or a pause that was to come at the period's end is dropped: nothing comes then. With a key that was used
    before, nothing is done. Raises SubscriptionNotFound, AlreadyCanceled, IdempotencyConflict, SubscriptionBusy.
    """
    content = msgspec.to_builtins(request) if request.says_something else NOTHING_SAID

    def rule(current: Subscription) -> Subscription:
        if current.cancel_at_period_end or (current.status == "canceled" and not current.pending):
            raise AlreadyCanceled
        said = Cancellation(request.reason, request.comment, actor, clock.now_ms()) if request.says_something else None
        canceled = replace(current, cancellation=said)
        if (current.status in OWING or current.status == "paused") and not current.pending:
            return end_subscription(canceled, clock.now_ms())
        return _set_cancellation(canceled)

    return write_once(account_id, rule, CANCELLATION, actor=actor, catalog=catalog, key=key, content=content)


def _set_cancellation(current: Subscription) -> Subscription:
    """Let a subscription end at its period's end, also after its pending payment, which was begun before."""
    pending = replace(current.pending, cancel_at_period_end=True, scheduled=None) if current.pending else None
    pause = current.pause if current.status == "paused" else None
    return replace(current, cancel_at_period_end=True, scheduled=None, pause=pause, pending=pending)
