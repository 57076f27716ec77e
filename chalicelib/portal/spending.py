"""How fast a wallet is spent: this month compared with the last, and how long the balance lasts. Pure."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

import msgspec

from chalicelib.ledger.daily_usage import Days

PACE_DAYS: Final = 14
"""Full days whose average is the pace: two weeks, so that every weekday counts equally."""

FARTHEST_DAYS: Final = 365


class Spending(msgspec.Struct, frozen=True):
    """Micros spent this month up to today, last month up to the same day of the month, and in all of last month.

    `change` compares the first two; None if the second is zero. `lasts_until` is the day on which the balance is used
    up at the pace of the last two weeks; None if that is more than a year ahead, or nothing is spent.
    """

    month_micros: int
    last_month_so_far_micros: int
    last_month_micros: int
    change: float | None
    pace_micros: int
    lasts_until: str | None


def first_needed(today: str) -> str:
    """Return the first day that `spending` needs: the first of the last month, or of the pace if that is earlier."""
    now = date.fromisoformat(today)
    return min(_last_month(now), now - timedelta(days=PACE_DAYS)).isoformat()


def spending(days: Days, balance_micros: int, today: str) -> Spending:
    """Add up what was spent, by UTC days."""
    now = date.fromisoformat(today)
    before = _last_month(now)
    so_far = before.replace(day=min(now.day, monthrange(before.year, before.month)[1]))
    month = _sum(days, now.replace(day=1), now)
    last_so_far = _sum(days, before, so_far)
    pace = _pace(days, now)
    return Spending(
        month_micros=month,
        last_month_so_far_micros=last_so_far,
        last_month_micros=_sum(days, before, now.replace(day=1) - timedelta(days=1)),
        change=month / last_so_far - 1 if last_so_far else None,
        pace_micros=pace,
        lasts_until=_lasts_until(balance_micros, pace, now),
    )


def _last_month(now: date) -> date:
    return (now.replace(day=1) - timedelta(days=1)).replace(day=1)


def _pace(days: Days, now: date) -> int:
    """Return the average of the last full days, counted from the first on which anything was spent."""
    first = now - timedelta(days=PACE_DAYS)
    used = [day for day in days if first.isoformat() <= day < now.isoformat()]
    full_days = (now - date.fromisoformat(min(used))).days if used else 0
    return _sum(days, first, now - timedelta(days=1)) // full_days if full_days else 0


def _lasts_until(balance_micros: int, pace: int, now: date) -> str | None:
    if pace <= 0 or balance_micros <= 0 or balance_micros // pace > FARTHEST_DAYS:
        return None
    return (now + timedelta(days=balance_micros // pace)).isoformat()


def _sum(days: Days, first: date, last: date) -> int:
    return sum(
        usage.amount_micros
        for day, meters in days.items()
        if first.isoformat() <= day <= last.isoformat()
        for usage in meters.values()
    )
