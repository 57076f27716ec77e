"""What follows when a renewal comes to nothing. Pure."""

from typing import Final

from msgspec.structs import replace

from chalicelib.catalog.policies import Dunning
from chalicelib.payments.payment import DAY_MS, Failure
from chalicelib.subscriptions.subscription import OWING, Subscription

AUTHENTICATION_REQUIRED: Final = "authentication_required"
CARD_MISSING: Final = Failure("card_missing", None, "There is no card on file.")
CARD_DISPUTED: Final = Failure(
    "card_disputed",
    None,
    "A payment with this card is disputed with the bank, so it is not charged by itself. Pay by hand, or save another "
    "card.",
)


def needs_person(failure: Failure | None) -> bool:
    """Tell whether trying the same card again is of no use: its bank wants to see the customer.

    https://docs.stripe.com/declines/codes
    """
    return failure is not None and AUTHENTICATION_REQUIRED in {failure.code, failure.decline_code}


def is_held(subscription: Subscription) -> bool:
    """Tell whether a period is owed only because the card is not charged by itself."""
    code = subscription.failure.code if subscription.failure else None
    return subscription.status in OWING and code == CARD_DISPUTED.code and subscription.pending is None


def came_to_nothing(
    subscription: Subscription, failure: Failure, dunning: Dunning, now_ms: int, *, automatic: bool
) -> Subscription:
    """Return a subscription after an attempt at the period that it owes has failed.

    What a person tried by hand uses up none of the automatic attempts.
    """
    failed = replace(
        subscription,
        pending=None,
        failure=failure,
        attempt=subscription.attempt + automatic,
        past_due_since_ms=subscription.past_due_since_ms or now_ms,
    )
    if subscription.cancel_at_period_end:
        return ended(failed, now_ms)
    if subscription.status == "unpaid":
        return replace(failed, due_at_ms=None)
    again_ms = next_attempt_ms(failed, dunning, now_ms)
    if again_ms is None:
        return given_up(failed, dunning, now_ms)
    return replace(failed, status="past_due", due_at_ms=again_ms)


def held(subscription: Subscription, card: str | None, dunning: Dunning, now_ms: int) -> Subscription:
    """Return a subscription whose period is due while its card is not charged by itself: as if it were declined."""
    tried = replace(subscription, charged_card=card)
    return came_to_nothing(tried, CARD_DISPUTED, dunning, now_ms, automatic=True)


def next_attempt_ms(subscription: Subscription, dunning: Dunning, now_ms: int) -> int | None:
    """Return when to try again: on the next of the catalog's days after the first failure; None after the last.

    Where only a person can help, that is the last day, on which it is given up without another attempt.
    """
    since_ms = subscription.past_due_since_ms or now_ms
    days = dunning.retry_after_days[-1:] if needs_person(subscription.failure) else dunning.retry_after_days
    return next((since_ms + day * DAY_MS for day in days if since_ms + day * DAY_MS > now_ms), None)


def given_up(subscription: Subscription, dunning: Dunning, now_ms: int) -> Subscription:
    """Return a subscription after its last attempt: access closes when the grace is over."""
    access_until_ms = now_ms + dunning.grace_days * DAY_MS
    if dunning.ends_as == "canceled":
        return replace(ended(subscription, now_ms), access_until_ms=access_until_ms)
    return replace(subscription, status="unpaid", due_at_ms=None, access_until_ms=access_until_ms)


def ended(subscription: Subscription, at_ms: int) -> Subscription:
    """Return a subscription that is over. Access that was closed for what is owed stays closed until one is paid."""
    return replace(
        subscription,
        status="canceled",
        pending=None,
        lapsed=None,
        scheduled=None,
        cancel_at_period_end=False,
        carried_micros=0,
        ended_at_ms=at_ms,
        due_at_ms=None,
    )
