"""Hold a renewal that cannot be charged, by no fault of its customer's. Pure.

Something in it is missing in the catalog, or it costs what no card can pay. It is not charged, counts as no attempt,
closes no access and stops no other; it is tried again by itself, and goes on once the catalog is mended.
"""

from typing import Final

from msgspec.structs import replace

from chalicelib.catalog.catalog import UnknownCurrency
from chalicelib.errors import Refusal
from chalicelib.money import NotChargeable
from chalicelib.subscriptions.price import UnknownProduct
from chalicelib.subscriptions.subscription import Held, Subscription

HOLDS: Final = (UnknownProduct, UnknownCurrency, NotChargeable)
"""What a renewal is held for."""

TRY_AGAIN_MS: Final = 60 * 60 * 1000
"""When a held renewal is tried again: until then somebody may have deployed another catalog."""


class RenewalHeld(Refusal):
    """A renewal that waits for the operator."""

    status = 409
    type = "renewal-held"
    title = "The renewal waits for the operator"

    def __init__(self, reason: str) -> None:
        super().__init__(f"nothing is charged until the operator has mended it: {reason}", reason=reason)


def held_up(subscription: Subscription, refusal: Refusal, now_ms: int) -> Subscription:
    """Return a subscription whose renewal is held, from when on it first was."""
    since_ms = subscription.held.since_ms if subscription.held else now_ms
    due_at_ms = subscription.due_at_ms
    if due_at_ms is None or due_at_ms <= now_ms:
        due_at_ms = now_ms + TRY_AGAIN_MS
    return replace(subscription, held=Held(refusal.type, refusal.detail, since_ms), due_at_ms=due_at_ms)
