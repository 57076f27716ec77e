"""What becomes of a subscription when a payment that it waits for has ended. Pure."""

from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.payments.payment import Failure, Payment
from chalicelib.subscriptions.dunning import came_to_nothing
from chalicelib.subscriptions.subscription import RUNNING, Pending, Subscription


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
