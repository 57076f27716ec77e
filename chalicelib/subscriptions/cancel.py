"""Cancel a subscription at its period's end, and resume one whose cancellation has not taken effect yet."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import check_not_archived
from chalicelib.backoff import attempts
from chalicelib.catalog.catalog import Catalog
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import ATTEMPTS, advance_subscription
from chalicelib.subscriptions.cancellation import WITHOUT_REASON, Cancellation, CancelRequest
from chalicelib.subscriptions.dunning import end_subscription
from chalicelib.subscriptions.subscription import OWING, Subscription, SubscriptionBusy, SubscriptionNotFound

CANCELLATION: Final = "subscription_cancellation"
RESUMPTION: Final = "subscription_resumption"
PREFIX: Final = "end_"
NOTHING_SAID: Final[Mapping[str, Any]] = {}


class AlreadyCanceled(Refusal):
    """It is canceled, or will be at its period's end."""

    status = 409
    type = "already-canceled"
    title = "The subscription is canceled already"

    def __init__(self) -> None:
        super().__init__("the subscription was canceled before")


class NotCanceled(Refusal):
    """There is no cancellation to take back."""

    status = 409
    type = "not-canceled"
    title = "The subscription was not canceled"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(
            "there is nothing to resume; one that has ended begins anew with PUT",
            subscription_status=subscription.status,
        )


def cancel(
    account_id: str,
    request: CancelRequest = WITHOUT_REASON,
    *,
    actor: str,
    catalog: Catalog,
    key: Key | None = None,
) -> Subscription:
    """End a subscription at its period's end; one that owes a period ends at once.

    A change that was to come at the period's end is dropped: nothing comes then. With a key that was used before,
    nothing is done. Raises SubscriptionNotFound, AlreadyCanceled, IdempotencyConflict, SubscriptionBusy.
    """
    content = msgspec.to_builtins(request) if request.says_something else NOTHING_SAID

    def rule(current: Subscription) -> Subscription:
        if current.cancel_at_period_end or (current.status == "canceled" and not current.pending):
            raise AlreadyCanceled
        said = Cancellation(request.reason, request.comment, actor, clock.now_ms()) if request.says_something else None
        canceled = replace(current, cancellation=said)
        if current.status in OWING and not current.pending:
            return end_subscription(canceled, clock.now_ms())
        return _set_cancellation(canceled)

    return _write_once(account_id, rule, CANCELLATION, actor=actor, catalog=catalog, key=key, content=content)


def resume(account_id: str, *, actor: str, catalog: Catalog, key: Key | None = None) -> Subscription:
    """Take a cancellation back before it takes effect. With a key that was used before, nothing is done.

    Raises SubscriptionNotFound, AccountArchived, NotCanceled, IdempotencyConflict, SubscriptionBusy.
    """

    def rule(current: Subscription) -> Subscription:
        check_not_archived(accounts.get(account_id))
        if not current.cancel_at_period_end:
            raise NotCanceled(current)
        pending = replace(current.pending, cancel_at_period_end=False) if current.pending else None
        return replace(current, cancel_at_period_end=False, cancellation=None, pending=pending)

    return _write_once(account_id, rule, RESUMPTION, actor=actor, catalog=catalog, key=key, unless_archived=True)


def _set_cancellation(current: Subscription) -> Subscription:
    """Let a subscription end at its period's end, also after its pending payment, which was begun before."""
    pending = replace(current.pending, cancel_at_period_end=True, scheduled=None) if current.pending else None
    return replace(current, cancel_at_period_end=True, scheduled=None, pending=pending)


def _write_once(
    account_id: str,
    rule: Callable[[Subscription], Subscription],
    operation: str,
    *,
    actor: str,
    catalog: Catalog,
    key: Key | None,
    content: Mapping[str, Any] = NOTHING_SAID,
    unless_archived: bool = False,
) -> Subscription:
    """Apply a rule to a subscription as it is now, and write the result; with a key, only once."""
    for _ in attempts(ATTEMPTS):
        current = advance_subscription(account_id, catalog, take_steps=False)
        if current is None or not current.exists:
            raise SubscriptionNotFound(account_id)
        # The claim is read after the row, so that it is found if the row already has an effect of this key.
        claim = idempotency.find(account_id, key, operation=operation, content=content) if key else None
        if claim and claim.is_done:
            return current
        updated = replace(rule(current), actor=actor, updated_at_ms=clock.now_ms(), version=current.version + 1)
        if key:
            idempotency.claim(account_id, key, operation=operation, content=content, prefix=PREFIX)
        if table.write(updated, over=current, done=key, unless_archived=unless_archived, by=actor):
            return updated
    raise SubscriptionBusy(account_id=account_id)
