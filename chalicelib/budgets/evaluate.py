"""Evaluate an account's budgets: note what is to be told of them. The table's stream tells it (`notices`).

It may be repeated, be late, or run twice at once: it reads what was spent, and writes what is to be told on condition
that nothing has changed, so that each threshold is told once.
"""

from collections.abc import Container
from typing import Final

from chalicelib import clock
from chalicelib.backoff import attempts
from chalicelib.budgets import table
from chalicelib.budgets.budget import Budget, Budgets, BudgetsBusy
from chalicelib.budgets.spending import SpentBudgets, days_needed
from chalicelib.budgets.thresholds import ClosedBudget, closing_budgets, evaluate_thresholds, find_closed
from chalicelib.ledger.daily_usage import Days
from chalicelib.ledger.table import read_days

ATTEMPTS: Final = 8
"""How many times a write is attempted when concurrent writes conflict with it."""


def evaluate_account(account_id: str) -> SpentBudgets:
    """Note what is to be told of an account's budgets, and return them. Raises BudgetsBusy."""
    for _ in attempts(ATTEMPTS):
        current, now_ms = table.find(account_id), clock.now_ms()
        days = read_spending(account_id, current.budgets, now_ms)
        evaluated = evaluate_thresholds(current, days, now_ms)
        if evaluated is current or table.write(evaluated, over=current.version):
            return SpentBudgets(evaluated, days)
    raise BudgetsBusy(account_id=account_id)


def load_spent(budgets: Budgets) -> SpentBudgets:
    """Return an account's budgets with what was spent."""
    return SpentBudgets(budgets, read_spending(budgets.account_id, budgets.budgets, clock.now_ms()))


def read_spending(account_id: str, budgets: tuple[Budget, ...], now_ms: int) -> Days:
    """Read the days that the spending of budgets depends on, with one call; none without budgets."""
    needed = days_needed(budgets, now_ms)
    return read_days(account_id, *needed) if needed else {}


def find_closed_budget(budgets: Budgets, meters: Container[str], now_ms: int) -> ClosedBudget | None:
    """Return a budget that closes access to an account, or to its meters. An account without any costs no call."""
    closing = closing_budgets(budgets, meters)
    return find_closed(closing, read_spending(budgets.account_id, closing, now_ms), now_ms)
