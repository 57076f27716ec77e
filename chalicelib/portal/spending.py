"""What was used: this month beside the last, and the days of a period; with the pace, and what it leads to. Pure."""

from calendar import monthrange
from datetime import date, timedelta

import msgspec

from chalicelib.ledger.daily_usage import Days
from chalicelib.portal.forecast import (
    AutoPayTerms,
    MonthForecast,
    Refill,
    Runway,
    forecast_month,
    next_refill,
    runway,
    suggest_threshold,
)
from chalicelib.portal.pace import WINDOW_DAYS, Pace, Totals, mean, measure_pace, median, totals_of


class Spending(msgspec.Struct, frozen=True):
    """Micros spent this month up to today, last month up to the same day of the month, and in all of last month.

    `change` compares the first two; None if the second is zero. `suggested_threshold_micros` is None where auto-pay's
    threshold needs no change.
    """

    month_micros: int
    last_month_so_far_micros: int
    last_month_micros: int
    change: float | None
    pace: Pace
    forecast: MonthForecast | None
    runway: Runway | None
    refill: Refill | None
    suggested_threshold_micros: int | None


class DayFigures(msgspec.Struct, frozen=True):
    """The full days of a period from the first usage on: their number, their mean, their median, and the largest."""

    full_days: int
    average_micros: int
    median_micros: int
    busiest: str | None
    busiest_micros: int


def first_needed(today: str) -> str:
    """Return the first day that `spending` needs: the first of the last month, or of the pace if that is earlier."""
    now = date.fromisoformat(today)
    return min(_last_month(now), now - timedelta(days=WINDOW_DAYS)).isoformat()


def spending(
    days: Days, today: str, *, balance_micros: int, floor_micros: int, auto_pay: AutoPayTerms | None
) -> Spending:
    """Add up what was spent, by UTC days. Access ends at `floor_micros`; `auto_pay` is None if it does not refill."""
    totals, now = totals_of(days), date.fromisoformat(today)
    before = _last_month(now)
    so_far = before.replace(day=min(now.day, monthrange(before.year, before.month)[1]))
    month = _sum(totals, now.replace(day=1), now)
    last_so_far = _sum(totals, before, so_far)
    pace = measure_pace(totals, today)
    return Spending(
        month_micros=month,
        last_month_so_far_micros=last_so_far,
        last_month_micros=_sum(totals, before, now.replace(day=1) - timedelta(days=1)),
        change=month / last_so_far - 1 if last_so_far else None,
        pace=pace,
        forecast=forecast_month(totals, pace, today),
        runway=runway(pace, balance_micros - floor_micros, today),
        refill=next_refill(pace, balance_micros, auto_pay, today) if auto_pay else None,
        suggested_threshold_micros=suggest_threshold(pace, auto_pay.threshold_micros if auto_pay else 0),
    )


def day_figures(totals: Totals, first: str, last: str, today: str) -> DayFigures:
    """Return the figures of a period's days. Today is left out: it is not over."""
    used = {day: micros for day, micros in totals.items() if micros and day < today}
    start = max(first, min(used, default=first))
    end = min(date.fromisoformat(last), date.fromisoformat(today) - timedelta(days=1))
    count = max(0, (end - date.fromisoformat(start)).days + 1) if used else 0
    amounts = [used.get((end - timedelta(days=back)).isoformat(), 0) for back in range(count)]
    shown = {day: micros for day, micros in totals.items() if first <= day <= last and micros}
    busiest = max(shown, key=lambda day: (shown[day], day), default=None)
    return DayFigures(count, mean(amounts), median(amounts), busiest, shown[busiest] if busiest else 0)


def _last_month(now: date) -> date:
    return (now.replace(day=1) - timedelta(days=1)).replace(day=1)


def _sum(totals: Totals, first: date, last: date) -> int:
    return sum(micros for day, micros in totals.items() if first.isoformat() <= day <= last.isoformat())
