"""Check that a subscription may be paused until a day. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import day_of
from chalicelib.dates import DAY_MS, read_day, read_start
from chalicelib.errors import Refusal
from chalicelib.subscriptions.check_change import SubscriptionPastDue, SubscriptionRenewing
from chalicelib.subscriptions.pause import PauseRequest, longest_pause_ms
from chalicelib.subscriptions.subscription import OWING, Subscription, SubscriptionPending

Obstacle = Literal["plan", "trial", "canceled"]

OBSTACLES: Final[dict[Obstacle, str]] = {
    "plan": "its plan cannot be paused",
    "trial": "nothing has been paid yet: pause it once its first period has begun, or cancel it",
    "canceled": "it is canceled: take the cancellation back first, or begin a new one",
}


class NotPausable(Refusal):
    """It cannot be paused, whatever the date."""

    status = 409
    type = "not-pausable"
    title = "The subscription cannot be paused"

    def __init__(self, reason: Obstacle) -> None:
        super().__init__(OBSTACLES[reason], reason=reason)


class PauseDateInvalid(Refusal):
    """The day is not after the paid period, or later than the plan allows."""

    status = 422
    type = "pause-date-invalid"
    title = "It cannot be paused until this day"

    def __init__(self, days: "PausableDays") -> None:
        super().__init__(
            f"until: take a day from {days.earliest} to {days.latest}",
            field="until",
            earliest=days.earliest,
            latest=days.latest,
        )


class PausableDays(msgspec.Struct, frozen=True):
    """The first and the last day until which a subscription can be paused now."""

    earliest: str
    latest: str


def check_pause(current: Subscription, request: PauseRequest, catalog: Catalog, now_ms: int) -> int:
    """Return when a pause ends: on the day that was asked for, at the time of day at which the paid period ends.

    Raises InvalidRequest, SubscriptionPending, SubscriptionPastDue, SubscriptionRenewing, NotPausable,
    PauseDateInvalid.
    """
    day_ms = read_start(read_day(request.until, "until"), "until")
    days = pausable_days(current, catalog, now_ms)
    period_end_ms = current.terms.period_end_ms
    until_ms = day_ms + period_end_ms % DAY_MS
    if not days.earliest <= day_of(until_ms) <= days.latest:
        raise PauseDateInvalid(days)
    return until_ms


def pausable_days(current: Subscription, catalog: Catalog, now_ms: int) -> PausableDays:
    """Return the days until which it can be paused. Raises what `check_pause` raises, if there are none."""
    if current.pending:
        raise SubscriptionPending(current.pending)
    if current.status in OWING:
        raise SubscriptionPastDue(current)
    if current.may_start or current.cancel_at_period_end:
        raise NotPausable("canceled")
    if current.status == "trialing":
        raise NotPausable("trial")
    if now_ms >= current.phase_end_ms:
        raise SubscriptionRenewing
    period_end_ms = current.terms.period_end_ms
    past_days = max(0, (now_ms - period_end_ms) // DAY_MS)
    earliest_ms = period_end_ms + (past_days + 1) * DAY_MS
    latest_ms = period_end_ms + longest_pause_ms(current.terms, catalog)
    if latest_ms < earliest_ms:
        raise NotPausable("plan")
    return PausableDays(day_of(earliest_ms), day_of(latest_ms))
