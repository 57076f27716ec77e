"""Dunning: what happens after a failed renewal, and when it is retried. Pure."""

from typing import Final

from msgspec.structs import replace

from chalicelib.catalog.policies import Dunning
from chalicelib.payments.payment import DAY_MS, Failure
from chalicelib.subscriptions.subscription import OWING, Subscription

AUTHENTICATION_REQUIRED: Final = "authentication_required"
CARD_MISSING: Final = Failure("card_missing", None, "There is no card on file.")
CARD_NEEDED_AGAIN: Final = Failure(
    "card_needed_again",
    None,
    "Your provider takes payments through another account now, where there is no card of yours. Save a card again.",
)
CARD_DISPUTED: Final = Failure(
    "card_disputed",
    None,
    "A payment with this card is disputed with the bank, so it is not charged by itself. Pay by hand, or save another "
    "card.",
)

UNCHARGED: Final = frozenset({each.code for each in (CARD_MISSING, CARD_NEEDED_AGAIN, CARD_DISPUTED)})
"""Codes of failures for which no card was charged."""


def needs_authentication(failure: Failure | None) -> bool:
    """Tell whether the bank requires the customer to authenticate, so that a retry without them is useless.

    https://docs.stripe.com/declines/codes
    """
    return failure is not None and AUTHENTICATION_REQUIRED in {failure.code, failure.decline_code}


def retry_at_ms(subscription: Subscription) -> int | None:
    """Return the next day of dunning; None if only the customer can help, or an attempt is in progress."""
    is_tried = subscription.status == "past_due" and not subscription.pending
    return subscription.due_at_ms if is_tried and not needs_authentication(subscription.failure) else None


def charge_again_ms(subscription: Subscription) -> int | None:
    """Return when the card that failed is charged again automatically; None if it is not.

    On a day of dunning, a card that is missing or disputed then still is not charged.
    """
    code = subscription.failure.code if subscription.failure else None
    return None if subscription.held or code in UNCHARGED else retry_at_ms(subscription)


def access_end_ms(subscription: Subscription, dunning: Dunning, now_ms: int) -> int | None:
    """Return when access ends if nobody pays what is owed: as `end_dunning` has set it, or will set it.

    None if nothing is owed, or while it waits by no fault of the customer's, which may take any time.
    """
    if subscription.status not in OWING:
        return None
    if subscription.access_until_ms is not None or subscription.held:
        return subscription.access_until_ms
    last_day = max(dunning.retry_after_days, default=0)
    last_attempt_ms = (subscription.past_due_since_ms or now_ms) + last_day * DAY_MS
    return max(last_attempt_ms, now_ms) + dunning.grace_days * DAY_MS


def is_blocked_by_dispute(subscription: Subscription) -> bool:
    """Tell whether a period is owed because a dispute keeps its card from being charged automatically."""
    code = subscription.failure.code if subscription.failure else None
    return subscription.status in OWING and code == CARD_DISPUTED.code and subscription.pending is None


def renewal_failed(
    subscription: Subscription, failure: Failure, dunning: Dunning, now_ms: int, *, automatic: bool
) -> Subscription:
    """Return a subscription after an attempt to charge its next period has failed.

    An attempt by hand does not count as one of the automatic attempts.
    """
    failed = replace(
        subscription,
        pending=None,
        held=None,
        failure=failure,
        declined_default=None,
        attempt=subscription.attempt + automatic,
        past_due_since_ms=subscription.past_due_since_ms or now_ms,
    )
    if subscription.cancel_at_period_end:
        return end_subscription(failed, now_ms)
    if subscription.status == "unpaid":
        return replace(failed, due_at_ms=None)
    due_at_ms = next_attempt_ms(failed, dunning, now_ms)
    if due_at_ms is None:
        return end_dunning(failed, dunning, now_ms)
    return replace(failed, status="past_due", due_at_ms=due_at_ms)


def renewal_failed_by_dispute(
    subscription: Subscription, card: str | None, dunning: Dunning, now_ms: int
) -> Subscription:
    """Return a subscription whose next period is not charged because its card is disputed, as if it were declined."""
    blocked = replace(subscription, charged_card=card)
    return renewal_failed(blocked, CARD_DISPUTED, dunning, now_ms, automatic=True)


def next_attempt_ms(subscription: Subscription, dunning: Dunning, now_ms: int) -> int | None:
    """Return when to retry: on the next of the catalog's days after the first failure; None after the last one.

    If only the customer can resolve the failure, that is the last day, on which dunning ends without another attempt.
    """
    since_ms = subscription.past_due_since_ms or now_ms
    days = dunning.retry_after_days[-1:] if needs_authentication(subscription.failure) else dunning.retry_after_days
    return next((since_ms + day * DAY_MS for day in days if since_ms + day * DAY_MS > now_ms), None)


def end_dunning(subscription: Subscription, dunning: Dunning, now_ms: int) -> Subscription:
    """Return a subscription after its last attempt: access closes at the end of the grace period."""
    access_until_ms = now_ms + dunning.grace_days * DAY_MS
    if dunning.ends_as == "canceled":
        return replace(end_subscription(subscription, now_ms), access_until_ms=access_until_ms)
    return replace(subscription, status="unpaid", due_at_ms=None, access_until_ms=access_until_ms)


def end_subscription(subscription: Subscription, at_ms: int) -> Subscription:
    """Return the ended subscription. Access that closed because of a debt stays closed until a new one is paid."""
    return replace(
        subscription,
        status="canceled",
        pending=None,
        expired_pending=None,
        declined_default=None,
        scheduled=None,
        cancel_at_period_end=False,
        pause=None,
        carried_micros=0,
        ended_at_ms=at_ms,
        due_at_ms=None,
    )
