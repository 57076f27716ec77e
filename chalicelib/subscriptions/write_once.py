"""Write a change of a subscription that charges nothing, and with a key only once."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.backoff import attempts
from chalicelib.catalog.catalog import Catalog
from chalicelib.idempotency import Key
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import ATTEMPTS, advance_subscription
from chalicelib.subscriptions.subscription import Subscription, SubscriptionBusy, SubscriptionNotFound

PREFIX: Final = "end_"


def write_once(
    account_id: str,
    rule: Callable[[Subscription], Subscription],
    operation: str,
    *,
    actor: str,
    catalog: Catalog,
    key: Key | None,
    content: Mapping[str, Any],
) -> Subscription:
    """Apply a rule to a subscription as it is now, and write the result; with a key, only once.

    Raises SubscriptionNotFound, IdempotencyConflict, SubscriptionBusy, and what the rule raises.
    """
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
        if table.write(updated, over=current, done=key, by=actor):
            return updated
    raise SubscriptionBusy(account_id=account_id)
