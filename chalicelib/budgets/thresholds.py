"""When a threshold is told, and when a budget closes. Pure."""

from collections.abc import Container, Iterable

import msgspec
from msgspec.structs import replace

from chalicelib.budgets.budget import PERCENTS, Budget, Budgets, Percent, Period, Told
from chalicelib.budgets.spending import span_of, spent_micros
from chalicelib.ledger.daily_usage import Days


class ClosedBudget(msgspec.Struct, frozen=True):
    """A budget that closes access, and until when: the end of its period."""

    budget_id: str
    meter: str | None
    period: Period
    until_ms: int


def is_reached(limit_micros: int, spent: int, percent: int) -> bool:
    """Tell whether a percentage of a limit is spent."""
    return spent * 100 >= limit_micros * percent


def reached_percent(limit_micros: int, spent: int) -> Percent | None:
    """Return the highest threshold that is reached."""
    return max((each for each in PERCENTS if is_reached(limit_micros, spent, each)), default=None)


def is_closed(budget: Budget, spent: int) -> bool:
    """Tell whether a budget asks for access to be closed."""
    return budget.close and spent >= budget.limit_micros


def current_told(budget: Budget, now_ms: int) -> Told | None:
    """Return what was told of the current limit in the current period."""
    told, period = budget.told, span_of(budget.period, now_ms).name
    return told if told and (told.period, told.limit_micros) == (period, budget.limit_micros) else None


def evaluate_thresholds(budgets: Budgets, days: Days, now_ms: int) -> Budgets:
    """Return the budgets with what is to be told now: of each, the highest threshold that is reached and was not told.

    Thresholds below it are told with it. A changed limit has thresholds of its own. Returns the same object if nothing
    is to be told.
    """
    evaluated = tuple(_evaluate(each, days, now_ms) for each in budgets.budgets)
    if evaluated == budgets.budgets:
        return budgets
    return replace(budgets, budgets=evaluated, version=budgets.version + 1)


def _evaluate(budget: Budget, days: Days, now_ms: int) -> Budget:
    spent = spent_micros(budget, days, now_ms)
    reached = [each for each in PERCENTS if budget.tells(each) and is_reached(budget.limit_micros, spent, each)]
    before = current_told(budget, now_ms)
    if not reached or (before and before.percent >= reached[-1]):
        return budget
    period = span_of(budget.period, now_ms).name
    return replace(budget, told=Told(period, budget.limit_micros, reached[-1], spent, now_ms))


def may_tell(budget: Budget, now_ms: int) -> bool:
    """Tell whether a threshold is left to tell in the current period."""
    told = current_told(budget, now_ms)
    return any(budget.tells(each) for each in PERCENTS if told is None or each > told.percent)


def closing_budgets(budgets: Budgets, meters: Container[str]) -> tuple[Budget, ...]:
    """Return the budgets that may close access: those of the whole account, and those of meters."""
    return tuple(each for each in budgets.budgets if each.close and (each.meter is None or each.meter in meters))


def find_closed(closing: Iterable[Budget], days: Days, now_ms: int) -> ClosedBudget | None:
    """Return the budget that closes access; of several, one that does so longest."""
    closed = (
        ClosedBudget(each.budget_id, each.meter, each.period, span_of(each.period, now_ms).ends_at_ms)
        for each in closing
        if is_closed(each, spent_micros(each, days, now_ms))
    )
    return max(closed, key=lambda each: each.until_ms, default=None)
