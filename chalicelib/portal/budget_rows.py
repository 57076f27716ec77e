"""Budgets as pages show them: how much is spent, what happens at the limit, and when the period ends. Pure."""

import msgspec
from msgspec.structs import replace

from chalicelib.budgets.budget import PERCENTS, Budget
from chalicelib.budgets.spending import SpentBudgets, span_of, spent_micros
from chalicelib.budgets.thresholds import is_closed
from chalicelib.clock import iso
from chalicelib.portal.names import Names


class BudgetRow(msgspec.Struct, frozen=True):
    """A budget for display: `name` and `meter` in words.

    `percent` is what is spent of the limit, rounded down; it may be above 100.
    """

    budget: Budget
    name: str
    meter: str | None
    spent_micros: int
    percent: int
    is_closed: bool
    ends: str

    @property
    def is_reached(self) -> bool:
        """Tell whether all of it is spent."""
        return self.spent_micros >= self.budget.limit_micros

    @property
    def tone(self) -> str:
        """Return how it is shown: from 75 % on as a warning, and when all is spent as bad."""
        if self.is_reached:
            return "bad"
        return "warn" if self.percent >= PERCENTS[1] else "good"


def budget_rows(found: SpentBudgets, names: Names, now_ms: int, *, pays_itself: bool) -> list[BudgetRow]:
    """Return an account's budgets for display; one that pays nothing itself is not closed by them."""
    rows = [_row(each, spent_micros(each, found.days, now_ms), names, now_ms) for each in found.budgets.budgets]
    return rows if pays_itself else [replace(each, is_closed=False) for each in rows]


def _row(budget: Budget, spent: int, names: Names, now_ms: int) -> BudgetRow:
    return BudgetRow(
        budget=budget,
        name=names.budget(budget.meter, budget.period),
        meter=names.meter(budget.meter) if budget.meter else None,
        spent_micros=spent,
        percent=spent * 100 // budget.limit_micros,
        is_closed=is_closed(budget, spent),
        ends=iso(span_of(budget.period, now_ms).ends_at_ms),
    )
