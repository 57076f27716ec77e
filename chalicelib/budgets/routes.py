"""Budgets over HTTP."""

from chalicelib import clock
from chalicelib.accounts.account import Account, CurrencyMismatch
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.budgets import table
from chalicelib.budgets.budget import BudgetInvalid, BudgetNotFound, BudgetsBusy, TooManyBudgets
from chalicelib.budgets.change_budget import change_budget
from chalicelib.budgets.delete_budget import delete_budget
from chalicelib.budgets.evaluate import load_spent
from chalicelib.budgets.request import BudgetRequest
from chalicelib.budgets.spending import SpentBudgets
from chalicelib.budgets.view import BudgetListView, view_budgets
from chalicelib.catalog.catalog import catalog
from chalicelib.money import InvalidDecimal
from chalicelib.pricing.table import pays_itself
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Budgets", "Limits on what usage may cost in a day or a month.")


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/budgets",
    summary="List the budgets, with what is spent of each",
    description=(
        "`spent` is exact: what the ledger debited for usage in the current day or month, in UTC. For a workspace it "
        "includes what it pays for its clients."
    ),
    gives=BudgetListView,
    refuses=REFUSALS,
)
def list_budgets(call: Call[None, None], account_id: str) -> BudgetListView:
    allowed = allow(call, account_id, Right.READ)
    return _view(load_spent(table.find(account_id)), allowed.account)


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/budgets/{budget_id}",
    summary="Set a budget for a day or a month; what is reached already is told at once",
    description=(
        "The id says what it is for: `day` or `month` for all usage, `sms.day` or `sms.month` for one meter. Telling "
        "stops nothing. With `close`, access is closed from 100 % until the period ends or the limit is raised; what "
        "is used all the same is recorded and charged."
    ),
    takes=BudgetRequest,
    example={"limit": "250.00", "tell": [75, 100], "close": True},
    gives=BudgetListView,
    refuses=(
        *REFUSALS,
        BudgetNotFound,
        CurrencyMismatch,
        InvalidDecimal,
        BudgetInvalid,
        TooManyBudgets,
        BudgetsBusy,
    ),
)
def put_budget(call: Call[BudgetRequest, None], account_id: str, budget_id: str) -> BudgetListView:
    allowed = allow(call, account_id, Right.ACT)
    found = change_budget(allowed.account, budget_id, call.body, actor=allowed.actor, catalog=catalog())
    return _view(found, allowed.account)


@routes.operation(
    "DELETE",
    "/v1/accounts/{account_id}/budgets/{budget_id}",
    summary="Delete a budget",
    description="What it closed is open again. A budget that is gone is no error.",
    status=204,
    refuses=(*REFUSALS, BudgetsBusy),
)
def delete_a_budget(call: Call[None, None], account_id: str, budget_id: str) -> None:
    allowed = allow(call, account_id, Right.ACT)
    delete_budget(allowed.account, budget_id, actor=allowed.actor)


def _view(found: SpentBudgets, account: Account) -> BudgetListView:
    now_ms = clock.now_ms()
    return view_budgets(found, now_ms, pays_itself=pays_itself(account.account_id, account.workspace_id, now_ms))
