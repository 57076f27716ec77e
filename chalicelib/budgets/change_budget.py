"""Set a budget of an account."""

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.backoff import attempts
from chalicelib.budgets import table
from chalicelib.budgets.budget import BudgetsBusy
from chalicelib.budgets.evaluate import ATTEMPTS, evaluate_account
from chalicelib.budgets.request import BudgetRequest, read_budget_id
from chalicelib.budgets.spending import SpentBudgets
from chalicelib.catalog.catalog import Catalog


def change_budget(
    account: Account, budget_id: str, request: BudgetRequest, *, actor: str, catalog: Catalog
) -> SpentBudgets:
    """Set a budget, evaluate it at once and return all of the account: what is reached already is told.

    It is written before it is evaluated: usage that is posted in between then finds it. Raises BudgetNotFound,
    BudgetInvalid, CurrencyMismatch, TooManyBudgets, BudgetsBusy.
    """
    meter, period = read_budget_id(budget_id, catalog.meters)
    for _ in attempts(ATTEMPTS):
        current = table.find(account.account_id)
        budget = request.over(
            current.find(budget_id), meter, period, currency=account.currency, actor=actor, now_ms=clock.now_ms()
        )
        changed = replace(current.put(budget), version=current.version + 1)
        if table.write(changed, over=current.version, by=actor):
            return evaluate_account(account.account_id)
    raise BudgetsBusy(account_id=account.account_id)
