"""The shape of budgets in an answer. Pure."""

import msgspec

from chalicelib.budgets.budget import Budget, Percent, Period
from chalicelib.budgets.spending import SpentBudgets, span_of, spent_micros
from chalicelib.budgets.thresholds import is_closed, reached_percent
from chalicelib.clock import iso
from chalicelib.ledger.daily_usage import Days
from chalicelib.money import format_amount


class BudgetView(msgspec.Struct):
    """A budget, and how it stands. `meter` is null for the whole account's.

    `spent` is what the wallet was debited for usage since `period_start`; `reached` is the highest of 50, 75 and 100 %
    of the limit that this comes to, or null. While `closed`, access is closed, until `period_end` at the latest; a
    budget of a client that pays nothing itself closes nothing.
    """

    id: str
    meter: str | None
    period: Period
    limit: str
    currency: str
    tell: list[Percent]
    close: bool
    spent: str
    reached: Percent | None
    closed: bool
    period_start: str
    period_end: str


class BudgetListView(msgspec.Struct):
    """The budgets of an account; there are so few that the list has one page."""

    data: list[BudgetView]
    next_cursor: None = None


def view_budgets(found: SpentBudgets, now_ms: int, *, pays_itself: bool) -> BudgetListView:
    """Present an account's budgets."""
    return BudgetListView(
        [view_budget(each, found.days, now_ms, pays_itself=pays_itself) for each in found.budgets.budgets]
    )


def view_budget(budget: Budget, days: Days, now_ms: int, *, pays_itself: bool) -> BudgetView:
    """Present a budget with what was spent."""
    span, spent = span_of(budget.period, now_ms), spent_micros(budget, days, now_ms)
    return BudgetView(
        id=budget.budget_id,
        meter=budget.meter,
        period=budget.period,
        limit=format_amount(budget.limit_micros, budget.currency),
        currency=budget.currency,
        tell=list(budget.tell),
        close=budget.close,
        spent=format_amount(spent, budget.currency),
        reached=reached_percent(budget.limit_micros, spent),
        closed=pays_itself and is_closed(budget, spent),
        period_start=f"{span.first_day}T00:00:00.000Z",
        period_end=iso(span.ends_at_ms),
    )
