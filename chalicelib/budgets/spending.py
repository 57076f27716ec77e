"""What was spent in a budget's period: the ledger's debits for usage, summed from its days. Pure."""

from collections.abc import Iterable

import msgspec

from chalicelib.budgets.budget import Budget, Budgets, Period
from chalicelib.clock import DAY_MS, day_of, end_of_month_ms, month_of
from chalicelib.ledger.daily_usage import Days


class Span(msgspec.Struct, frozen=True):
    """The period that a moment is in: its name (`2026-11-30` or `2026-11`), its days, and the first moment after it."""

    name: str
    first_day: str
    last_day: str
    ends_at_ms: int


class SpentBudgets(msgspec.Struct, frozen=True):
    """An account's budgets, and the days that have what was spent."""

    budgets: Budgets
    days: Days


def span_of(period: Period, now_ms: int) -> Span:
    """Return the day or month, in UTC, that a moment is in."""
    if period == "day":
        day = day_of(now_ms)
        return Span(day, day, day, (now_ms // DAY_MS + 1) * DAY_MS)
    month = month_of(now_ms)
    ends_at_ms = end_of_month_ms(month)
    return Span(month, f"{month}-01", day_of(ends_at_ms - 1), ends_at_ms)


def days_needed(budgets: Iterable[Budget], now_ms: int) -> tuple[str, str] | None:
    """Return the first and the last day that the spending of budgets depends on now; None for no budgets."""
    spans = [span_of(each.period, now_ms) for each in budgets]
    if not spans:
        return None
    return min(each.first_day for each in spans), max(each.last_day for each in spans)


def spent_micros(budget: Budget, days: Days, now_ms: int) -> int:
    """Return what was spent in the current period on all that a budget limits."""
    span = span_of(budget.period, now_ms)
    return sum(
        usage.amount_micros
        for day, meters in days.items()
        if span.first_day <= day <= span.last_day
        for meter, usage in meters.items()
        if budget.meter in {None, meter}
    )
