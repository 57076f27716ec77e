"""The next period of a subscription, what it costs, and what to do about it now. Pure."""

from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.money import to_card_amount
from chalicelib.subscriptions.dunning import (
    CARD_MISSING,
    CARD_NEEDED_AGAIN,
    end_dunning,
    end_subscription,
    needs_authentication,
    renewal_failed,
)
from chalicelib.subscriptions.pause import begin_pause, end_pause, terms_before_next
from chalicelib.subscriptions.payment_outcomes import apply_pending
from chalicelib.subscriptions.period import next_period
from chalicelib.subscriptions.price import Quote, period_lines, plan_of, quote, renewal_prices
from chalicelib.subscriptions.renewal_hold import HOLD_CAUSES, hold_renewal, hold_until_connected
from chalicelib.subscriptions.subscription import OWING, RENEWED, PendingPayment, Purpose, Subscription, Terms

RECHECK_MS: Final = 10 * 60 * 1000
"""When to check a pending payment, in case the message about its end is lost."""


class Renewal(msgspec.Struct, frozen=True):
    """The next period, and what is charged for it."""

    terms: Terms
    quote: Quote


class Means(msgspec.Struct, frozen=True):
    """What a period can be charged to: the payment method on file, if there is one.

    A client `waits` while its workspace's connection does not work: nothing is charged, and nothing fails. Its card is
    `needed_again` if it was saved on another Stripe account.
    """

    card: str | None
    waits: bool = False
    needed_again: bool = False


NextStep = Renewal | Subscription
"""The renewal to charge now; or the subscription, changed or not, if nothing is to be charged."""


def next_step(
    subscription: Subscription, means: Means, catalog: Catalog, now_ms: int, tax: Tax | None = None
) -> NextStep:
    """Return what to do now about a subscription. `means` and `tax` are the account's."""
    if subscription.pending:
        is_scheduled = subscription.due_at_ms is not None and now_ms < subscription.due_at_ms <= now_ms + RECHECK_MS
        return subscription if is_scheduled else replace(subscription, due_at_ms=now_ms + RECHECK_MS)
    if subscription.status in OWING:
        return _next_step_when_owing(subscription, means, catalog, now_ms, tax)
    if subscription.status not in RENEWED or now_ms < subscription.phase_end_ms:
        return subscription
    if subscription.cancel_at_period_end:
        return end_subscription(subscription, subscription.phase_end_ms)
    if subscription.pause:
        return end_pause(subscription, now_ms) if subscription.status == "paused" else begin_pause(subscription)
    return _try_renewal(subscription, means, catalog, now_ms, tax)


def _next_step_when_owing(
    subscription: Subscription, means: Means, catalog: Catalog, now_ms: int, tax: Tax | None
) -> NextStep:
    """Try a new card at once, but the card that failed only on the next day of dunning.

    An attempt that continues with the backup is not over yet.
    """
    if subscription.declined_default:
        return _try_renewal(subscription, means, catalog, now_ms, tax)
    has_new_card = means.card not in {None, subscription.charged_card}
    is_due = subscription.due_at_ms is not None and subscription.due_at_ms <= now_ms
    if not has_new_card and not is_due:
        return subscription
    if not has_new_card and not means.waits and needs_authentication(subscription.failure):
        return end_dunning(subscription, catalog.dunning, now_ms)
    return _try_renewal(subscription, means, catalog, now_ms, tax)


def _try_renewal(subscription: Subscription, means: Means, catalog: Catalog, now_ms: int, tax: Tax | None) -> NextStep:
    try:
        renewal = chargeable_renewal(subscription, catalog, tax)
    except HOLD_CAUSES as refusal:
        return hold_renewal(subscription, refusal, now_ms)
    if renewal.quote.charge_micros == 0:
        free = pending_renewal(subscription, renewal, payment_id="", automatic=True)
        return apply_pending(subscription, free, now_ms)
    if means.waits:
        return hold_until_connected(subscription, now_ms)
    if means.card is None:
        missing = CARD_NEEDED_AGAIN if means.needed_again else CARD_MISSING
        return renewal_failed(subscription, missing, catalog.dunning, now_ms, automatic=True)
    return renewal


def chargeable_renewal(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> Renewal:
    """Return the next period if a card can be charged for it. Raises the exceptions in HOLD_CAUSES."""
    renewal = next_renewal(subscription, catalog, tax)
    if renewal.quote.charge_micros:
        to_card_amount(renewal.quote.charge_micros, subscription.currency)
    return renewal


def next_renewal(subscription: Subscription, catalog: Catalog, tax: Tax | None = None) -> Renewal:
    """Return the next period, which begins after a pause, and its quote.

    It is at today's prices, but retired products keep the price already held.

    Raises UnknownProduct, UnknownCurrency.
    """
    contents = subscription.scheduled or subscription.terms.contents
    currency = subscription.currency
    prices, months = renewal_prices(contents, subscription, catalog), plan_of(contents, currency, catalog).months
    current = terms_before_next(subscription)
    terms = next_period(current, contents, prices, months, resumed_at_ms=subscription.resumed_at_ms)
    lines = period_lines(terms, catalog)
    return Renewal(terms, quote(lines, subscription.carried_micros, currency, catalog, tax))


def pending_renewal(
    subscription: Subscription, renewal: Renewal, *, payment_id: str, automatic: bool, purpose: Purpose = "renewal"
) -> PendingPayment:
    """Return what takes effect when the payment of a renewal, or of a resumption, succeeds."""
    return PendingPayment(
        payment_id=payment_id,
        purpose=purpose,
        terms=renewal.terms,
        carried_micros=renewal.quote.carried_micros,
        cancel_at_period_end=subscription.cancel_at_period_end,
        automatic=automatic,
    )
