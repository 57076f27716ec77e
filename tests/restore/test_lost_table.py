"""A table is lost, or rows of it: restored beside the live one, copied back, rebuilt, verified and reconciled."""

from collections.abc import Callable
from typing import Any

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.table import DailyUsageRow, WalletRow
from chalicelib.payments.table import PaymentRow
from chalicelib.tables import connection
from tests.conftest import NewWallet
from tests.damage import damage
from tests.payments.payer import NewPayer
from tests.restore.walk import Business, back_up, empty, restored, run, succeed, table_name

LEDGER = ("wallets", "transactions", "daily_usage", "client_usage")
PAID = ("accounts", "cards", "payments", "reversals")


@pytest.fixture
def business(new_payer: NewPayer, new_wallet: NewWallet) -> Business:
    return Business(new_payer, new_wallet)


def copy_back(table: str, restored_table: str, *options: str) -> str:
    return succeed("restore", "rows", table, "--from", restored_table, *options, "--write")


@pytest.mark.parametrize("table", [*LEDGER, *PAID])
def test_after_a_table_was_lost_everything_agrees_again(business: Business, table: str) -> None:
    backup = back_up(table)
    before = business.balances()
    empty(table, business.accounts)
    with restored(table, backup) as beside:
        copy_back(table, beside)
    succeed("restore", "wallets", *business.accounts, "--write")
    assert business.balances() == before
    business.assert_sound()
    assert "everything agrees" in succeed("restore", "credits", *business.accounts)


@pytest.mark.parametrize("table", LEDGER)
def test_what_was_posted_after_the_backup_is_there_too(business: Business, table: str) -> None:
    backup = back_up(table)
    business.use(range(3, 6))
    business.payer.top_up(key="after")
    before = business.balances()
    if table == "transactions":  # it kept what is newer
        for row in [row for each in business.accounts for row in PageRow.query(each, limit=2)]:
            row.delete()
    else:
        empty(table, business.accounts)
    with restored(table, backup) as beside:
        copy_back(table, beside)
    succeed("restore", "wallets", *business.accounts, "--write")
    assert business.balances() == before
    business.assert_sound()


def test_what_the_ledger_has_lost_for_good_comes_from_payments_and_producers(business: Business) -> None:
    backup = back_up("transactions")
    business.use(range(3, 6))
    business.payer.top_up(key="after")
    before = business.balances()
    empty("transactions", business.accounts)
    with restored("transactions", backup) as beside:
        copy_back("transactions", beside)
    succeed("restore", "wallets", *business.accounts, "--write")
    assert business.balances() != before
    business.assert_sound()
    payment_id = business.payer.payments[0].payment_id
    assert payment_id in succeed("restore", "credits", *business.accounts, "--write")
    business.use(range(6))
    assert business.balances() == before
    business.assert_sound()


def test_without_write_nothing_is_written(business: Business) -> None:
    backup = back_up("payments")
    empty("payments", business.accounts)
    WalletRow(business.client).delete()
    with restored("payments", backup) as beside:
        assert "1 would be written" in succeed(
            "restore", "rows", "payments", "--from", beside, "--account", business.payer.account_id
        )
    assert business.client in succeed("restore", "wallets", business.client)
    assert list(PaymentRow.query(business.payer.account_id)) == []
    assert run("verify", business.client).exit_code == 1


def test_only_rows_of_the_named_account_are_copied(business: Business) -> None:
    backup = back_up("daily_usage")
    empty("daily_usage", business.accounts)
    with restored("daily_usage", backup) as beside:
        copy_back("daily_usage", beside, "--account", business.client)
    assert len(list(DailyUsageRow.query(business.client))) == 3
    assert list(DailyUsageRow.query(business.payer.account_id)) == []


def test_rows_that_differ_are_left_unless_they_are_to_be_replaced(business: Business) -> None:
    backup = back_up("transactions")
    (first, *_) = PageRow.query(business.client)
    damage(PageRow, {"account_id": business.client, "page_key": first.page_key}, "body", {"B": b"damaged"})
    with restored("transactions", backup) as beside:
        assert "1 differ" in copy_back("transactions", beside, "--account", business.client)
        assert run("verify", business.client).exit_code == 1
        copy_back("transactions", beside, "--account", business.client, "--replace")
    business.assert_sound()


def test_a_row_that_dynamodb_refuses_does_not_hold_up_the_others(business: Business) -> None:
    """A condition on each attribute of a row may be longer than DynamoDB takes (4 KB)."""
    wide = DailyUsageRow(business.client, "2026-01-01")
    backup = [f"meter{number}:count" for number in range(400)]
    wide.update([Path([name]).set(1) for name in backup[:150]])
    wide.update([Path([name]).set(1) for name in backup[150:300]])
    wide.update([Path([name]).set(1) for name in backup[300:]])
    arn = back_up("daily_usage")
    wide.update([Path([backup[0]]).set(2)])
    (first, *_) = DailyUsageRow.query(business.payer.account_id)
    first.delete()
    with restored("daily_usage", arn) as beside:
        done = run("restore", "rows", "daily_usage", "--from", beside, "--replace", "--write")
    assert len(list(DailyUsageRow.query(business.payer.account_id))) == 3
    assert done.exit_code == 1
    assert "1 could not be written" in done.output


def test_a_copy_that_ran_before_finds_nothing_to_do(business: Business) -> None:
    backup = back_up("payments")
    with restored("payments", backup) as beside:
        assert "0 written" in copy_back("payments", beside)


WRONG: dict[str, tuple[Callable[[str], tuple[str, ...]], str]] = {
    "another table": (lambda beside: ("wallets", "--from", beside), "has the keys"),
    "no such copy": (lambda _: ("wallets", "--from", "nowhere"), "there is no table nowhere"),
    "no such table": (lambda beside: ("purses", "--from", beside), "the tables are account_log, accounts"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_copied_is_said(business: Business, name: str) -> None:
    arguments, said = WRONG[name]
    with restored("payments", back_up("payments")) as beside:
        done = run("restore", "rows", *arguments(beside))
    assert done.exit_code != 0
    assert said in done.output


def test_a_wallet_that_cannot_be_rebuilt_does_not_stop_the_others(business: Business, new_wallet: NewWallet) -> None:
    broken = new_wallet()
    business.use(range(3))
    (first, *_) = PageRow.query(business.client)
    first.delete()
    WalletRow(business.payer.account_id).delete()
    done = run("restore", "wallets", broken, *business.accounts, "--write")
    assert done.exit_code == 1
    assert f"{business.client}: BrokenChain" in done.output
    assert "1 failed" in done.output
    succeed("verify", business.payer.account_id)


def test_accounts_have_to_be_named(business: Business) -> None:
    assert "name accounts, or give --all" in run("restore", "wallets").output
    assert "there is no account 'nobody'" in run("restore", "wallets", "nobody").output


@pytest.mark.parametrize("table", ["payments", "portal_sessions", "daily_usage"])
def test_a_table_that_was_deleted_has_its_rows_and_settings_again_under_its_name(
    new_payer: NewPayer, new_wallet: NewWallet, table: str
) -> None:
    business = Business(new_payer, new_wallet)
    client: Any = connection().client
    name = table_name(table)
    before = client.describe_table(TableName=name)["Table"]
    backup = back_up(table)
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)
    client.restore_table_from_backup(TargetTableName=name, BackupArn=backup)
    if before.get("StreamSpecification"):
        client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    assert "point-in-time recovery" in succeed("restore", "settings", table)
    after = client.describe_table(TableName=name)["Table"]
    assert after.get("StreamSpecification") == before.get("StreamSpecification")
    assert after["DeletionProtectionEnabled"]
    assert "all settings are there" in succeed("restore", "settings", table)
    business.assert_sound()
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
