"""How fast a wallet is used: what each weekday usually costs, learned from up to four weeks of full days. Pure.

Today is not full yet, and days before the first usage teach nothing. A day that is larger than all others counts as the
second largest, so that one unusual day is not taken for the rule.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import msgspec

from chalicelib.ledger.daily_usage import Days
from chalicelib.money import round_half_up

WINDOW_DAYS: Final = 28
"""Whole weeks, so that each weekday counts equally."""

WEEKDAYS: Final = 7
WEEKLY_FROM_DAYS: Final = 14
"""From two of each weekday on, weekdays are told apart."""

TRIMMED_FROM_DAYS: Final = 3
"""From so many days with usage on, the largest one may be unusual."""

Totals = Mapping[str, int]
"""Micros by day; a day without usage may be missing."""


class Pace(msgspec.Struct, frozen=True):
    """What is expected of a day, by weekday (Monday first), and the `full_days` that it was learned from.

    `typical_micros` is the median of the full days on which anything was used, `today_micros` what was used today.
    """

    full_days: int
    by_weekday: tuple[int, ...]
    typical_micros: int
    today_micros: int

    @property
    def is_known(self) -> bool:
        """Tell whether there is any usage to expect."""
        return any(self.by_weekday)

    def expected(self, day: date) -> int:
        """Return the micros that are expected on a day."""
        return self.by_weekday[day.weekday()]

    def rest_of_today(self, today: date) -> int:
        """Return the micros that are still expected today."""
        return max(0, self.expected(today) - self.today_micros)


def totals_of(days: Days) -> dict[str, int]:
    """Return what was used on each day, over all meters."""
    return {day: sum(usage.amount_micros for usage in meters.values()) for day, meters in days.items()}


def window_before(totals: Totals, today: str) -> list[int]:
    """Return the totals of the last full days, the oldest first, from the first day on which anything was used."""
    now = date.fromisoformat(today)
    used = [day for day, micros in totals.items() if micros and day < today]
    if not used:
        return []
    count = min(WINDOW_DAYS, (now - date.fromisoformat(min(used))).days)
    return [totals.get((now - timedelta(days=back)).isoformat(), 0) for back in range(count, 0, -1)]


def measure_pace(totals: Totals, today: str) -> Pace:
    """Learn the pace from the totals, of which no day with usage within the window may be missing."""
    window = window_before(totals, today)
    used = [micros for micros in window if micros]
    first = date.fromisoformat(today) - timedelta(days=len(window))
    return Pace(
        full_days=len(window),
        by_weekday=_by_weekday(_without_outlier(window, used), first.weekday()),
        typical_micros=median(used),
        today_micros=totals.get(today, 0),
    )


def median(values: list[int]) -> int:
    """Return the middle value, or the mean of the two in the middle; zero if there are none."""
    ordered, middle = sorted(values), len(values) // 2
    if not ordered:
        return 0
    return ordered[middle] if len(ordered) % 2 else round_half_up(ordered[middle - 1] + ordered[middle], 2)


def mean(values: list[int]) -> int:
    """Return the mean; zero if there are no values."""
    return round_half_up(sum(values), len(values)) if values else 0


def _without_outlier(window: list[int], used: list[int]) -> list[int]:
    if len(used) < TRIMMED_FROM_DAYS:
        return window
    second = sorted(used)[-2]
    return [min(micros, second) for micros in window]


def _by_weekday(window: list[int], first_weekday: int) -> tuple[int, ...]:
    if len(window) < WEEKLY_FROM_DAYS:
        return (mean(window),) * WEEKDAYS
    return tuple(mean(window[(weekday - first_weekday) % WEEKDAYS :: WEEKDAYS]) for weekday in range(WEEKDAYS))
