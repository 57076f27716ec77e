"""Delete a budget of an account."""

from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.backoff import attempts
from chalicelib.budgets import table
from chalicelib.budgets.budget import BudgetsBusy
from chalicelib.budgets.evaluate import ATTEMPTS


def delete_budget(account: Account, budget_id: str, *, actor: str | None = None) -> None:
    """Delete a budget; what it closed is open again. One that is not there is no error. Raises BudgetsBusy."""
    for _ in attempts(ATTEMPTS):
        current = table.find(account.account_id)
        if current.find(budget_id) is None:
            return
        changed = replace(current.without(budget_id), version=current.version + 1)
        if table.write(changed, over=current.version, by=actor):
            return
    raise BudgetsBusy(account_id=account.account_id)
