"""A row that cannot be read closes access only for whom it decides about."""

import pytest

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.allowances.table import AllowanceRow
from chalicelib.budgets.table import BudgetsRow
from chalicelib.clock import month_of
from chalicelib.ledger.table import WalletRow
from chalicelib.tables import Table
from tests.budgets.build import ask, new_account
from tests.clients.build import rebill
from tests.damage import damage
from tests.function_records import logged

pytestmark = pytest.mark.usefixtures("memory")


def status_of(account_id: str) -> int:
    return ask("GET", "access", account_id=account_id).status


def own_rows(account_id: str) -> list[tuple[type[Table], dict[str, str], str]]:
    """Return an account's rows of which access may depend."""
    mine = {"account_id": account_id}
    return [
        (BudgetsRow, mine, "budgets"),
        (WalletRow, mine, "balance_micros"),
        (AllowanceRow, {**mine, "month": month_of(clock.now_ms())}, "amount_micros"),
    ]


def test_a_client_that_does_not_pay_needs_none_of_its_own_rows() -> None:
    client = new_account(workspace_id=new_account())
    for row_type, keys, attribute in own_rows(client):
        damage(row_type, keys, attribute)
    assert status_of(client) == 200


def test_an_allowance_is_not_looked_at_where_none_is_in_force_and_a_wallet_that_pays_is() -> None:
    client = rebill(new_account(workspace_id=new_account()))
    _, (wallet, keys, attribute), _ = own_rows(client)
    assert status_of(client) == 200
    damage(wallet, keys, attribute)
    assert status_of(client) == 500


def test_budgets_that_cannot_be_read_close_nothing_and_are_told_to_the_operator(
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace = new_account()
    client = new_account(workspace_id=workspace)
    damage(BudgetsRow, {"account_id": workspace}, "budgets", {"S": "{"})
    for account_id in (workspace, client):
        assert ask("GET", "access?meter=sms", account_id=account_id).json()["allowed"] is True
        (line,) = logged(capsys)
        assert (line["level"], line["event"], line["account_id"]) == ("error", "a row cannot be read", workspace)


def test_a_suspended_account_is_closed_whatever_its_budgets_are() -> None:
    account_id = new_account()
    accounts.AccountRow(account_id).update([accounts.AccountRow.standing.set("suspended")])
    damage(BudgetsRow, {"account_id": account_id}, "budgets", {"S": "{"})
    assert ask("GET", "access", account_id=account_id).json()["reason"] == "account_suspended"
