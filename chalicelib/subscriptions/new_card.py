"""What a card is charged as soon as it becomes the default, because a renewal is owed. Pure."""

import msgspec
from msgspec.structs import replace

from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.subscriptions.renewal import Means, Renewal, next_step
from chalicelib.subscriptions.subscription import OWING, Subscription


class OwedCharge(msgspec.Struct, frozen=True):
    """What is charged. It is not `certain` while something may still pay or delay it before the card is charged."""

    amount_micros: int
    certain: bool


def charge_of_owed(
    subscription: Subscription, card_id: str, catalog: Catalog, now_ms: int, tax: Tax | None
) -> OwedCharge | None:
    """Return what the card is charged, by the rule of `advance_subscription`; None if nothing.

    Whether a bank objects to the card is not known here: then it is not charged.
    """
    if subscription.status not in OWING:
        return None
    free = replace(subscription, pending=None, declined_default=None)
    step = next_step(free, Means(card_id), catalog, now_ms, tax)
    if not isinstance(step, Renewal):
        return None
    return OwedCharge(step.quote.charge_micros, certain=free == subscription and subscription.held is None)


def is_tried_at_once(subscription: Subscription, payer: Payer) -> bool:
    """Tell whether the default has been changed since the last attempt, so that it is about to be charged."""
    card = payer.chargeable_card
    waits = subscription.pending or subscription.declined_default or subscription.held
    if subscription.status not in OWING or waits or card is None:
        return False
    return card.payment_method_id != subscription.charged_card
