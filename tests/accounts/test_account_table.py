"""The door to the table `accounts`, alone and in process: no concurrency here, so moto will do."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from msgspec.structs import replace

from chalicelib import tables
from chalicelib.accounts import table
from chalicelib.accounts.account import Account, AccountNotFound, BillingDetails, Card
from chalicelib.ledger.table import WalletRow, read_wallet
from chalicelib.settings import settings
from local.resources import Overlay

DETAILS = BillingDetails(name="Acme GmbH", address=["Ring 1", "1010 Wien"])
ACCOUNT = Account("acme", "workspace", None, "Acme", "a@b.example", "usd", "en", "AT", DETAILS, created_at_ms=1)


def card(method: str, set_up_at_ms: int) -> Card:
    return Card(method, "visa", "4242", 12, 2030, "print", set_up_at_ms)


@pytest.fixture(autouse=True)
def tables_in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the two tables that an account needs, from the definition that is deployed."""
    overlay = Overlay.read()
    for name in overlay.variables:
        monkeypatch.setenv(name, f"memory-{name.lower()}")
    monkeypatch.setenv("TOKEN_SECRET", "x" * 40)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        forget()
        dynamodb = boto3.client("dynamodb")
        for logical_id, variable in (("AccountsTable", "ACCOUNTS_TABLE"), ("WalletsTable", "WALLETS_TABLE")):
            properties: dict[str, Any] = overlay.template["Resources"][logical_id]["Properties"]
            wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
            definition = {key: properties[key] for key in wanted if key in properties}
            dynamodb.create_table(TableName=f"memory-{variable.lower()}", **definition)
        yield
    forget()


def forget() -> None:
    """Forget what the process knows of its environment: settings and connections."""
    settings.cache_clear()
    tables.connection.cache_clear()
    for row in (table.AccountRow, WalletRow):
        row._connection = None


def test_an_account_comes_back_as_it_was_written_with_an_empty_wallet() -> None:
    assert table.create(ACCOUNT)
    assert table.get("acme") == ACCOUNT
    assert read_wallet("acme").balance_micros == 0


def test_an_account_is_created_once() -> None:
    assert table.create(ACCOUNT)
    assert not table.create(ACCOUNT)


def test_an_unknown_account_is_not_found() -> None:
    assert table.find("nobody") is None
    assert table.find_many(["nobody"]) == {}
    with pytest.raises(AccountNotFound):
        table.get("nobody")


def test_a_customer_once_kept_stays() -> None:
    table.create(ACCOUNT)
    assert table.keep_customer("acme", "cus_1") == "cus_1"
    assert table.keep_customer("acme", "cus_2") == "cus_1"


def test_the_newest_card_wins_in_whatever_order_the_news_comes() -> None:
    table.create(ACCOUNT)
    assert table.put_card("acme", card("pm_new", 2))
    assert not table.put_card("acme", card("pm_old", 1))
    found = table.get("acme").card
    assert found is not None
    assert found.payment_method_id == "pm_new"


def test_a_removed_card_does_not_come_back_with_late_news() -> None:
    table.create(ACCOUNT)
    table.put_card("acme", card("pm_1", 1))
    assert not table.remove_card("acme", "pm_other")
    assert table.remove_card("acme", "pm_1")
    assert not table.put_card("acme", card("pm_1", 1))
    assert table.get("acme").card is None


def test_a_change_is_made_over_what_was_read_or_not_at_all() -> None:
    table.create(ACCOUNT)
    read = table.get("acme")
    assert table.change(replace(read, country="DE"))
    assert not table.change(replace(read, name="Too late"))
    assert not table.change(replace(ACCOUNT, account_id="nobody"))
    found = table.get("acme")
    assert (found.name, found.country) == ("Acme", "DE")
    assert table.change(replace(found, name="In time"))


def test_changing_an_account_leaves_its_card_and_customer_alone() -> None:
    table.create(ACCOUNT)
    table.keep_customer("acme", "cus_1")
    table.put_card("acme", card("pm_1", 1))
    assert table.change(Account("acme", "workspace", None, "New name", "a@b.example", "usd", "en", None, None, 1))
    found = table.get("acme")
    assert (found.name, found.country, found.billing_details, found.stripe_customer_id) == (
        "New name",
        None,
        None,
        "cus_1",
    )
    assert found.card is not None
