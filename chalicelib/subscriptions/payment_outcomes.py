"""How the result of a payment changes a subscription. Pure.

Each result counts once: the write that applies it also clears the pending payment.
"""

from msgspec.structs import replace

from chalicelib.cards.card import Card
from chalicelib.catalog.catalog import Catalog
from chalicelib.payments.backup import may_try_backup
from chalicelib.payments.payment import Failure, Payment
from chalicelib.subscriptions.dunning import end_subscription, renewal_failed
from chalicelib.subscriptions.subscription import RENEWED, PendingPayment, Subscription


def apply_payment_result(
    subscription: Subscription, payment: Payment, catalog: Catalog, now_ms: int, *, backup: Card | None = None
) -> Subscription:
    """Return the subscription after a payment, or unchanged if it does not wait for it or the payment has not ended.

    The last payment that failed or was canceled still takes effect if it succeeds later and no other one is pending. If
    an automatic attempt may be tried with the backup, it has not failed yet: `declined_default` is set.
    """
    pending, expired = subscription.pending, subscription.expired_pending
    if pending and pending.payment_id == payment.payment_id and payment.ended:
        if payment.state == "succeeded":
            return apply_pending(subscription, pending, now_ms)
        if _is_to_be_made_again(payment, pending):
            return _retry_never_made(subscription, pending, now_ms)
        if pending.purpose == "renewal" and pending.automatic and _may_try_backup(subscription, payment, backup):
            declined = replace(subscription, declined_default=payment.failure)
            return replace(declined, pending=None, expired_pending=pending, due_at_ms=now_ms)
        failure = subscription.declined_default or payment.failure or Failure("unknown")
        return _apply_failure(subscription, pending, failure, catalog, now_ms)
    if expired and expired.payment_id == payment.payment_id and payment.state == "succeeded" and not pending:
        return apply_pending(subscription, expired, now_ms)
    return subscription


def _is_to_be_made_again(payment: Payment, pending: PendingPayment) -> bool:
    """Tell whether a renewal's payment has ended without an answer of the bank."""
    never_made = payment.was_never_made and pending.automatic
    return pending.purpose == "renewal" and (never_made or payment.closed_at_break_ms is not None)


def _may_try_backup(subscription: Subscription, payment: Payment, backup: Card | None) -> bool:
    """Tell whether the attempt goes on with the backup: never for a customer who has canceled since it began."""
    goes_on = subscription.declined_default is None and not subscription.cancel_at_period_end
    return goes_on and may_try_backup(payment, backup)


def apply_pending(subscription: Subscription, pending: PendingPayment, now_ms: int) -> Subscription:
    """Return the subscription after a payment succeeded: its terms take effect. If it was unpaid, it is resumed now."""
    resumed_at_ms = now_ms if subscription.status == "unpaid" else subscription.resumed_at_ms
    is_start = pending.purpose == "start"
    return replace(
        subscription,
        status="trialing" if pending.trial else "active",
        terms=pending.terms,
        scheduled=pending.scheduled,
        carried_micros=pending.carried_micros,
        cancel_at_period_end=pending.cancel_at_period_end,
        cancellation=subscription.cancellation if pending.cancel_at_period_end else None,
        pending=None,
        expired_pending=None,
        paid_payment_id=pending.payment_id or subscription.paid_payment_id,
        attempt=0,
        never_made_attempts=0,
        past_due_since_ms=None,
        failure=None,
        declined_default=None,
        access_until_ms=None,
        resumed_at_ms=None if is_start else resumed_at_ms,
        trial=pending.trial,
        trial_end_ms=_trial_end_ms(subscription, pending),
        started_at_ms=pending.terms.period_start_ms if is_start else subscription.started_at_ms,
        ended_at_ms=None,
        held=None,
        pause=subscription.pause if pending.purpose == "change" else None,
        due_at_ms=pending.terms.period_end_ms,
    )


def _trial_end_ms(subscription: Subscription, pending: PendingPayment) -> int | None:
    """Return when the trial ends, or ended: a period that begins during the trial ends it."""
    if pending.trial:
        return pending.terms.period_end_ms
    end_ms = subscription.trial_end_ms
    return end_ms if end_ms is None else min(end_ms, pending.terms.period_start_ms)


def _retry_never_made(subscription: Subscription, pending: PendingPayment, now_ms: int) -> Subscription:
    """Return a subscription whose renewal Stripe never received: the card did not fail, and it is due again now.

    One that was given up at a break is the same, but Stripe may have it, and is asked before another one is made.
    """
    number = subscription.never_made_attempts + 1
    return replace(subscription, pending=None, expired_pending=pending, never_made_attempts=number, due_at_ms=now_ms)


def _apply_failure(
    subscription: Subscription, pending: PendingPayment, failure: Failure, catalog: Catalog, now_ms: int
) -> Subscription:
    """Return the subscription after its payment failed.

    A failed start, change or resumption leaves everything as it was; but one that was paused and is canceled ends.
    """
    expired = replace(subscription, expired_pending=pending)
    if pending.purpose == "renewal":
        return renewal_failed(expired, failure, catalog.dunning, now_ms, automatic=pending.automatic)
    if subscription.status == "paused" and subscription.cancel_at_period_end:
        return end_subscription(expired, now_ms)
    due_at_ms = subscription.phase_end_ms if subscription.status in RENEWED else None
    return replace(expired, pending=None, due_at_ms=due_at_ms)
