"""Hold a renewal that cannot be charged by no fault of the customer's. Pure.

Something in it is missing in the catalog, or its price cannot be charged to a card; or it is a client's, whose
workspace has no working connection. A held renewal is not charged, does not count as an attempt, does not close access
and does not stop other renewals. It is retried automatically until the catalog is corrected, or the connection works.
"""

from typing import Final

from msgspec.structs import replace

from chalicelib.catalog.catalog import UnknownCurrency
from chalicelib.errors import Refusal
from chalicelib.money import NotChargeable
from chalicelib.subscriptions.price import UnknownProduct
from chalicelib.subscriptions.subscription import OWING, Hold, Subscription

HOLD_CAUSES: Final = (UnknownProduct, UnknownCurrency, NotChargeable)
"""The refusals for which a renewal is held."""

HOLD_RETRY_MS: Final = 60 * 60 * 1000
"""When a held renewal is retried: another catalog may have been deployed by then."""

NOT_CONNECTED: Final = "not_connected"
"""The reason of a hold that ends when the workspace's connection works again. It is auto-pay's, too."""

NOT_CONNECTED_DETAIL: Final = (
    "payments to the provider are not possible at the moment; the renewal goes on by itself as soon as they are"
)


class RenewalHeld(Refusal):
    """A renewal that waits for the operator."""

    status = 409
    type = "renewal-held"
    title = "The renewal waits for the operator"

    def __init__(self, reason: str) -> None:
        super().__init__(f"nothing is charged until the operator has mended it: {reason}", reason=reason)


def hold_renewal(subscription: Subscription, refusal: Refusal, now_ms: int) -> Subscription:
    """Return the subscription with its renewal held until the catalog is corrected."""
    return _held(subscription, refusal.type, refusal.detail, now_ms)


def hold_until_connected(subscription: Subscription, now_ms: int) -> Subscription:
    """Return the subscription with its renewal held until its workspace's connection works."""
    return _held(subscription, NOT_CONNECTED, NOT_CONNECTED_DETAIL, now_ms)


def waits_for_connection(subscription: Subscription) -> bool:
    """Tell whether a renewal is held until the workspace's connection works."""
    return subscription.held is not None and subscription.held.reason == NOT_CONNECTED


def resume_after_hold(subscription: Subscription, now_ms: int) -> Subscription:
    """Return a subscription that has waited for a connection: due now, and without a day of dunning lost by waiting."""
    held, owed_ms = subscription.held, subscription.past_due_since_ms
    waited_ms = now_ms - held.since_ms if held else 0
    since_ms = None if owed_ms is None else owed_ms + waited_ms
    return replace(subscription, held=None, due_at_ms=now_ms, past_due_since_ms=since_ms)


def may_wait_for_stripe(subscription: Subscription) -> bool:
    """Tell whether the end of the last payment may not be known, because of a break: it is to be read."""
    return subscription.held is not None or subscription.status in OWING


def _held(subscription: Subscription, reason: str, detail: str, now_ms: int) -> Subscription:
    """Return the subscription with its renewal held. `since_ms` is the time of the first hold in a row."""
    since_ms = subscription.held.since_ms if subscription.held else now_ms
    due_at_ms = subscription.due_at_ms
    if due_at_ms is None or due_at_ms <= now_ms:
        due_at_ms = now_ms + HOLD_RETRY_MS
    return replace(subscription, held=Hold(reason, detail, since_ms), due_at_ms=due_at_ms)
