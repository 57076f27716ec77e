"""A pause: it begins at the end of the paid period, nothing is charged during it, and a period begins after it. Pure.

The periods after a pause are counted from its end, as those after a trial are from the trial's.
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.dates import DAY_MS, Day
from chalicelib.errors import Refusal
from chalicelib.subscriptions.subscription import Subscription, Terms
from chalicelib.text import Line

LATE_MS: Final = DAY_MS
"""If a pause ends later than planned by this much, the next period begins when it ends: no paused day is charged."""


class PauseScheduled(Refusal):
    """The change would move the end of the period, or take a plan that cannot be paused for as long."""

    status = 409
    type = "pause-scheduled"
    title = "The subscription is about to be paused"

    def __init__(self) -> None:
        super().__init__("the pause could not stay as it is; take it back first: POST .../subscription/resume")


class PauseRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A pause until a day in UTC, on which the subscription continues; and why, if the customer wants to say it."""

    until: Day
    reason: Line | None = None


def begin_pause(subscription: Subscription) -> Subscription:
    """Return a subscription whose period is over, and which is paused now.

    A change that was given up buys nothing any more, even if it is paid now. There is no pause if, by a late payment,
    the period has come to end after it.
    """
    pause = subscription.pause
    if pause is None or pause.until_ms <= subscription.terms.period_end_ms:
        return replace(subscription, pause=None)
    return replace(subscription, status="paused", expired_pending=None, due_at_ms=pause.until_ms)


def end_pause(subscription: Subscription, now_ms: int) -> Subscription:
    """Return a subscription whose pause is over: it is active, and its next period is to be charged now."""
    until_ms = subscription.phase_end_ms
    return end_pause_at(subscription, until_ms if now_ms < until_ms + LATE_MS else now_ms)


def end_pause_at(subscription: Subscription, start_ms: int) -> Subscription:
    """Return a subscription whose pause has ended, with its next period beginning at a moment."""
    return replace(subscription, status="active", pause=None, terms=_counted_from(subscription.terms, start_ms))


def next_period_ms(subscription: Subscription) -> int:
    """Return when the next period begins: at this one's end, or at the end of the pause after it."""
    pause, end_ms = subscription.pause, subscription.terms.period_end_ms
    return max(pause.until_ms, end_ms) if pause else end_ms


def terms_before_next(subscription: Subscription) -> Terms:
    """Return the terms from which the next period is counted: if there is a pause, from its end."""
    terms, start_ms = subscription.terms, next_period_ms(subscription)
    return terms if start_ms == terms.period_end_ms else _counted_from(terms, start_ms)


def longest_pause_ms(terms: Terms, catalog: Catalog) -> int:
    """Return for how long a subscription may be paused after its period; 0 if its plan does not allow that."""
    plan = catalog.plans.get(terms.contents.plan)
    return plan.pausable_days * DAY_MS if plan else 0


def check_pause_stays(current: Subscription, changed: Terms, catalog: Catalog) -> None:
    """Check that a pause that is to come can stay as it is after a change. Raises PauseScheduled."""
    pause, terms = current.pause, current.terms
    is_moved = changed.period_end_ms != terms.period_end_ms
    is_another_plan = changed.contents.plan != terms.contents.plan
    latest_ms = changed.period_end_ms + longest_pause_ms(changed, catalog)
    if pause and (is_moved or (is_another_plan and pause.until_ms > latest_ms)):
        raise PauseScheduled


def _counted_from(terms: Terms, anchor_ms: int) -> Terms:
    return replace(terms, anchor_ms=anchor_ms, elapsed_months=0)
