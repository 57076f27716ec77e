"""Cancel at the period's end, and take that back."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.catalog.catalog import Catalog
from chalicelib.conflicts import attempts
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import WRITERS, follow
from chalicelib.subscriptions.dunning import ended
from chalicelib.subscriptions.subscription import OWING, Subscription, SubscriptionBusy, SubscriptionNotFound

CANCELLATION: Final = "subscription_cancellation"
RESUMPTION: Final = "subscription_resumption"
PREFIX: Final = "end_"


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


def cancel(account_id: str, *, actor: str, catalog: Catalog, key: Key | None = None) -> Subscription:
    """End a subscription with its period; one whose period is owed and not paid ends at once.

    With a key that was used before nothing is done. Raises SubscriptionNotFound, AlreadyCanceled, IdempotencyConflict,
    SubscriptionBusy.
    """

    def canceled(current: Subscription) -> Subscription:
        if current.cancel_at_period_end or (current.status == "canceled" and not current.pending):
            raise AlreadyCanceled
        if current.status in OWING and not current.pending:
            return ended(current, clock.now_ms())
        return _ending(current, ends=True)

    return _change(account_id, canceled, CANCELLATION, actor=actor, catalog=catalog, key=key)


def resume(account_id: str, *, actor: str, catalog: Catalog, key: Key | None = None) -> Subscription:
    """Take a cancellation back before it takes effect; with a key that was used before nothing is done.

    Raises SubscriptionNotFound, NotCanceled, IdempotencyConflict, SubscriptionBusy.
    """

    def resumed(current: Subscription) -> Subscription:
        if not current.cancel_at_period_end:
            raise NotCanceled(current)
        return _ending(current, ends=False)

    return _change(account_id, resumed, RESUMPTION, actor=actor, catalog=catalog, key=key)


def _ending(current: Subscription, *, ends: bool) -> Subscription:
    """Mark it to end or not; so does what a payment brings that is under way, for it was asked for before."""
    pending = replace(current.pending, cancel_at_period_end=ends) if current.pending else None
    return replace(current, cancel_at_period_end=ends, pending=pending)


def _change(
    account_id: str,
    rule: Callable[[Subscription], Subscription],
    operation: str,
    *,
    actor: str,
    catalog: Catalog,
    key: Key | None,
) -> Subscription:
    """Apply a rule to a subscription as it is now, and write it; for a key, once."""
    for _ in attempts(WRITERS):
        current = follow(account_id, catalog, begins=False)
        if current is None or not current.exists:
            raise SubscriptionNotFound(account_id)
        # Found after the row was read: whatever of this key's doing is in the row, its claim is there to tell of it.
        claim = idempotency.find(account_id, key, operation=operation, content={}) if key else None
        if claim and claim.is_done:
            return current
        wanted = replace(rule(current), actor=actor, updated_at_ms=clock.now_ms(), version=current.version + 1)
        if key:
            idempotency.claim(account_id, key, operation=operation, content={}, prefix=PREFIX)
        if table.write(wanted, over=current, done=key):
            return wanted
    raise SubscriptionBusy(account_id=account_id)
