"""Pause a subscription from its period's end until a day, or change that day, also while it is paused."""

from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.catalog.catalog import Catalog
from chalicelib.idempotency import Key
from chalicelib.subscriptions.check_pause import check_pause
from chalicelib.subscriptions.pause import PauseRequest
from chalicelib.subscriptions.subscription import Pause, Subscription
from chalicelib.subscriptions.write_once import write_once

OPERATION: Final = "subscription_pause"


def schedule_pause(
    account_id: str, request: PauseRequest, *, actor: str, catalog: Catalog, key: Key | None = None
) -> Subscription:
    """Pause a subscription. Another day keeps the reason that was given before, unless there is another one.

    With a key that was used before, nothing is done.

    Raises SubscriptionNotFound, IdempotencyConflict, SubscriptionBusy, and what `check_pause` raises.
    """

    def rule(current: Subscription) -> Subscription:
        now_ms = clock.now_ms()
        until_ms = check_pause(current, request, catalog, now_ms)
        reason = request.reason or (current.pause.reason if current.pause else None)
        paused = replace(current, pause=Pause(until_ms, reason, actor, now_ms))
        return replace(paused, due_at_ms=until_ms) if current.status == "paused" else paused

    content = msgspec.to_builtins(request)
    return write_once(account_id, rule, OPERATION, actor=actor, catalog=catalog, key=key, content=content)
