"""Note how many of each add-on are in use, as the platform reports: a change to fewer is refused."""

from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.backoff import attempts
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import ATTEMPTS
from chalicelib.subscriptions.subscription import Subscription, SubscriptionBusy


class InUseRequest(msgspec.Struct, forbid_unknown_fields=True):
    """How many of each add-on are in use; an add-on that is left out is not in use."""

    add_ons: dict[Annotated[str, Meta(max_length=40)], Annotated[int, Meta(ge=0, le=10_000)]]


def note_add_ons_in_use(account_id: str, request: InUseRequest) -> Subscription:
    """Write the numbers in use. Raises SubscriptionNotFound, SubscriptionBusy."""
    in_use = {name: quantity for name, quantity in sorted(request.add_ons.items()) if quantity}
    for _ in attempts(ATTEMPTS):
        current = table.get(account_id)
        if current.in_use == in_use:
            return current
        updated = replace(current, in_use=in_use, updated_at_ms=clock.now_ms(), version=current.version + 1)
        if table.write(updated, over=current):
            return updated
    raise SubscriptionBusy(account_id=account_id)
