"""The next period of a subscription, and what to do about it now. Pure."""

from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.money import to_card_amount
from chalicelib.subscriptions.dunning import CARD_MISSING, came_to_nothing, ended, given_up, needs_person
from chalicelib.subscriptions.payment_outcomes import paid
from chalicelib.subscriptions.period import next_period
from chalicelib.subscriptions.price import Quote, period_lines, plan_of, quote, renewal_prices
from chalicelib.subscriptions.renewal_hold import HOLDS, held_up
from chalicelib.subscriptions.subscription import OWING, RUNNING, Pending, Subscription, Terms

LOOK_AGAIN_MS: Final = 10 * 60 * 1000
"""When to look at an awaited payment, if nobody has told of its end."""


class Renewal(msgspec.Struct, frozen=True):
    """A period to be charged."""

    terms: Terms
    quote: Quote


def next_step(
    subscription: Subscription, card: str | None, catalog: Catalog, now_ms: int, tax: Tax | None = None
) -> Subscription | Renewal:
    """Return the period to be charged now, or the subscription as it goes on without a charge.

    `card` is the payment method on file, if there is one, `tax` that of the account.
    """
    if subscription.pending:
        waits = subscription.due_at_ms is not None and now_ms < subscription.due_at_ms <= now_ms + LOOK_AGAIN_MS
        return subscription if waits else replace(subscription, due_at_ms=now_ms + LOOK_AGAIN_MS)
    if subscription.status in OWING:
        return _owing_step(subscription, card, catalog, now_ms, tax)
    if subscription.status not in RUNNING or now_ms < subscription.terms.period_end_ms:
        return subscription
    if subscription.cancel_at_period_end:
        return ended(subscription, subscription.terms.period_end_ms)
    return _attempt(subscription, card, catalog, now_ms, tax)


def _owing_step(
    subscription: Subscription, card: str | None, catalog: Catalog, now_ms: int, tax: Tax | None
) -> Subscription | Renewal:
    """Try a card that has not been tried yet at once, and the same one on its day."""
    has_new_card = card is not None and card != subscription.charged_card
    is_due = subscription.due_at_ms is not None and subscription.due_at_ms <= now_ms
    if not has_new_card and not is_due:
        return subscription
    if not has_new_card and needs_person(subscription.failure):
        return given_up(subscription, catalog.dunning, now_ms)
    return _attempt(subscription, card, catalog, now_ms, tax)


def _attempt(
    subscription: Subscription, card: str | None, catalog: Catalog, now_ms: int, tax: Tax | None
) -> Subscription | Renewal:
    try:
        due = payable_renewal(subscription, catalog, tax)
    except HOLDS as refusal:
        return held_up(subscription, refusal, now_ms)
    if due.quote.charge_micros == 0:
        return paid(subscription, pending_renewal(subscription, due, payment_id="", automatic=True), now_ms)
    if card is None:
        return came_to_nothing(replace(subscription, held=None), CARD_MISSING, catalog.dunning, now_ms, automatic=True)
    return due


def payable_renewal(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> Renewal:
    """Return the next period if a card can be charged what it costs. Raises what a renewal is held for."""
    due = renewal(subscription, catalog, tax)
    if due.quote.charge_micros:
        to_card_amount(due.quote.charge_micros, subscription.currency)
    return due


def renewal(subscription: Subscription, catalog: Catalog, tax: Tax | None = None) -> Renewal:
    """Return the next period with what it costs, by the prices of today, or, of what is retired, those that are held.

    Raises UnknownProduct, UnknownCurrency.
    """
    contents = subscription.scheduled or subscription.terms.contents
    currency = subscription.currency
    prices, months = renewal_prices(contents, subscription, catalog), plan_of(contents, currency, catalog).months
    terms = next_period(subscription.terms, contents, prices, months, resumed_at_ms=subscription.resumed_at_ms)
    lines = period_lines(terms, catalog)
    return Renewal(terms, quote(lines, subscription.carried_micros, currency, catalog, tax))


def pending_renewal(subscription: Subscription, due: Renewal, *, payment_id: str, automatic: bool) -> Pending:
    """Return the awaited payment of a renewal."""
    return Pending(
        payment_id=payment_id,
        purpose="renewal",
        terms=due.terms,
        carried_micros=due.quote.carried_micros,
        cancel_at_period_end=subscription.cancel_at_period_end,
        automatic=automatic,
    )
