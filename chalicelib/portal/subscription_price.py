"""What a subscription costs in a period, at the prices at which it is held and without tax. Pure."""

import msgspec

from chalicelib.catalog.catalog import Catalog
from chalicelib.subscriptions.subscription import Subscription


class SubscriptionPrice(msgspec.Struct, frozen=True):
    """The price of a period, which may be a year."""

    price_micros: int
    is_yearly: bool


def subscription_price(subscription: Subscription, catalog: Catalog) -> SubscriptionPrice:
    """Return what a subscription costs in a period."""
    contents, prices = subscription.terms.contents, subscription.terms.prices
    add_ons = sum(number * prices.add_on_micros.get(name, 0) for name, number in contents.add_ons.items())
    plan = catalog.plans.get(contents.plan)
    return SubscriptionPrice(prices.plan_micros + add_ons, plan is not None and plan.months == 12)
