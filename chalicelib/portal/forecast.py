"""What the pace of usage leads to: the month's total, the day the balance runs out, and when auto-pay refills. Pure.

A forecast says nothing of credits that may come, such as allowances, and nothing of the subscription, which the card
pays.
"""

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

import msgspec

from chalicelib.money import MICROS
from chalicelib.portal.pace import Pace, Totals

FARTHEST_DAYS: Final = 365
SURE_DAYS: Final = 3
"""Full days from which on a threshold is suggested."""

NOTICE_DAYS: Final = 3
"""Typical days for which a balance that is just low should last."""

ROUND: Final = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100)
"""Tenths of the amounts that are suggested: 1, 1.5, 2, ..., and their multiples by ten."""


class MonthForecast(msgspec.Struct, frozen=True):
    """What will have been used by the end of the month, and its last day."""

    micros: int
    last_day: str


class Runway(msgspec.Struct, frozen=True):
    """When a balance is used up: a number of days after today, and the day."""

    days: int
    day: str


class AutoPayTerms(msgspec.Struct, frozen=True):
    """What auto-pay does: at what balance, with how much, and how much it may still charge this month."""

    threshold_micros: int
    amount_micros: int
    left_this_month_micros: int | None


class Refill(msgspec.Struct, frozen=True):
    """The next refill at the current pace. It is not made if the monthly limit leaves too little for it."""

    day: str
    amount_micros: int
    is_within_limit: bool
    is_today: bool = False


def forecast_month(totals: Totals, pace: Pace, today: str) -> MonthForecast | None:
    """Add what is expected of the rest of the month to what was used; None before the first full day."""
    if not pace.is_known:
        return None
    now = date.fromisoformat(today)
    last = now.replace(day=monthrange(now.year, now.month)[1])
    used = sum(micros for day, micros in totals.items() if today[:7] == day[:7] and day <= today)
    coming = sum(pace.expected(now + timedelta(days=ahead)) for ahead in range(1, (last - now).days + 1))
    return MonthForecast(used + pace.rest_of_today(now) + coming, last.isoformat())


def runway(pace: Pace, available_micros: int, today: str) -> Runway | None:
    """Return when an amount is used up; None if that is more than a year ahead, or nothing is expected or left."""
    if available_micros <= 0 or not pace.is_known:
        return None
    now = date.fromisoformat(today)
    left = available_micros - pace.rest_of_today(now)
    for ahead in range(FARTHEST_DAYS):
        if left <= 0:
            return Runway(ahead, (now + timedelta(days=ahead)).isoformat())
        left -= pace.expected(now + timedelta(days=ahead + 1))
    return None


def next_refill(pace: Pace, balance_micros: int, terms: AutoPayTerms, today: str) -> Refill | None:
    """Return auto-pay's next refill: when the balance falls below the threshold; today if it is below."""
    above, day = balance_micros - terms.threshold_micros + 1, today
    if above > 0:
        reached = runway(pace, above, today)
        if reached is None:
            return None
        day = reached.day
    left = terms.left_this_month_micros
    is_within = left is None or terms.amount_micros <= left or day[:7] != today[:7]
    return Refill(day, terms.amount_micros, is_within, is_today=day == today)


def suggest_threshold(pace: Pace, threshold_micros: int) -> int | None:
    """Return a round threshold above a typical day; None if the present one is above it, or too little is known."""
    typical = pace.typical_micros
    if pace.full_days < SURE_DAYS or not typical or threshold_micros > typical:
        return None
    return _round_above(typical)


def suggest_low_balance(pace: Pace) -> int | None:
    """Return a round amount that lasts for a few typical days; None if too little is known."""
    if pace.full_days < SURE_DAYS or not pace.typical_micros:
        return None
    return _round_above(NOTICE_DAYS * pace.typical_micros)


def _round_above(micros: int) -> int:
    scale = MICROS // 10
    while scale * ROUND[-1] <= micros:
        scale *= 10
    return next(scale * tenths for tenths in ROUND if scale * tenths > micros)
