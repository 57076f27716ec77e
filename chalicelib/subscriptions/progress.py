"""Move a subscription on: account for the payment that it waits for, and decide on the next step. Pure."""

from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.money import to_card_amount
from chalicelib.payments.payment import Failure, Payment
from chalicelib.subscriptions.dunning import CARD_MISSING, came_to_nothing, ended, given_up, needs_person
from chalicelib.subscriptions.held import HOLDS, held_up
from chalicelib.subscriptions.period import next_period
from chalicelib.subscriptions.price import Quote, period_lines, plan_of, quote, renewal_prices
from chalicelib.subscriptions.subscription import OWING, RUNNING, Pending, Subscription, Terms

LOOK_AGAIN_MS: Final = 10 * 60 * 1000
"""When to look at an awaited payment, if nobody has told of its end."""


class Renewal(msgspec.Struct, frozen=True):
    """A period to be charged."""

    terms: Terms
    quote: Quote


def landed(subscription: Subscription, payment: Payment, catalog: Catalog, now_ms: int) -> Subscription:
    """Account for a payment that has ended; once, for then it is no longer awaited."""
    pending, lapsed = subscription.pending, subscription.lapsed
    if pending and pending.payment_id == payment.payment_id and payment.ended:
        if payment.state == "succeeded":
            return paid(subscription, pending, now_ms)
        if payment.was_never_made and pending.purpose == "renewal" and pending.automatic:
            return _again(subscription, pending, now_ms)
        return _failed(subscription, pending, payment.failure or Failure("unknown"), catalog, now_ms)
    if lapsed and lapsed.payment_id == payment.payment_id and payment.state == "succeeded" and not pending:
        return paid(subscription, lapsed, now_ms)
    return subscription


def paid(subscription: Subscription, pending: Pending, now_ms: int) -> Subscription:
    """Return a subscription with what a payment brings. One that was unpaid is resumed now."""
    resumed_at_ms = now_ms if subscription.status == "unpaid" else subscription.resumed_at_ms
    starts = pending.purpose == "start"
    return replace(
        subscription,
        status="trialing" if pending.trial else "active",
        terms=pending.terms,
        scheduled=pending.scheduled,
        carried_micros=pending.carried_micros,
        cancel_at_period_end=pending.cancel_at_period_end,
        pending=None,
        lapsed=None,
        paid_payment_id=pending.payment_id or subscription.paid_payment_id,
        attempt=0,
        untaken=0,
        past_due_since_ms=None,
        failure=None,
        access_until_ms=None,
        resumed_at_ms=None if starts else resumed_at_ms,
        trial=pending.trial,
        trial_end_ms=_trial_end_ms(subscription, pending),
        started_at_ms=pending.terms.period_start_ms if starts else subscription.started_at_ms,
        ended_at_ms=None,
        held=None,
        due_at_ms=pending.terms.period_end_ms,
    )


def _again(subscription: Subscription, pending: Pending, now_ms: int) -> Subscription:
    """Return a subscription whose renewal never reached its card: nothing is owed for that, and it is due again."""
    untaken = subscription.untaken + 1
    return replace(subscription, pending=None, lapsed=pending, untaken=untaken, due_at_ms=now_ms)


def _trial_end_ms(subscription: Subscription, pending: Pending) -> int | None:
    """Return when the trial ends, or ended: a period that begins in it ends it."""
    if pending.trial:
        return pending.terms.period_end_ms
    end_ms = subscription.trial_end_ms
    return end_ms if end_ms is None else min(end_ms, pending.terms.period_start_ms)


def _failed(
    subscription: Subscription, pending: Pending, failure: Failure, catalog: Catalog, now_ms: int
) -> Subscription:
    """Return a subscription whose awaited payment came to nothing: of a start or a change nothing is left."""
    lapsed = replace(subscription, lapsed=pending)
    if pending.purpose == "renewal":
        return came_to_nothing(lapsed, failure, catalog.dunning, now_ms, automatic=pending.automatic)
    due_at_ms = subscription.terms.period_end_ms if subscription.status in RUNNING else None
    return replace(lapsed, pending=None, due_at_ms=due_at_ms)


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
