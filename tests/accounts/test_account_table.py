"""The door to the table `accounts`."""

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table
from chalicelib.accounts.account import Account, AccountNotFound, BillingDetails, Card
from chalicelib.ledger.table import read_wallet
from tests.build import unique
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")


def account() -> Account:
    return Account(unique("account"), "workspace", None, "Acme", "a@b.example", "usd", "en", "AT", None, 1)


def created() -> Account:
    made = account()
    assert table.create(made)
    return made


def card(method: str, set_up_at_ms: int) -> Card:
    return Card(method, "visa", "4242", 12, 2030, "print", set_up_at_ms)


def test_an_account_comes_back_as_it_was_written_with_an_empty_wallet() -> None:
    plain = created()
    assert table.get(plain.account_id) == plain
    assert read_wallet(plain.account_id).balance_micros == 0


def test_an_account_with_everything_comes_back_as_it_was_written() -> None:
    written = filled(Account, stripe_customer_id=None, card=None, access_until_ms=None, version=0)
    assert table.create(written)
    assert table.get(written.account_id) == written


def test_an_account_is_created_once() -> None:
    first = created()
    assert not table.create(replace(first, name="Another"))
    assert table.get(first.account_id) == first


def test_an_unknown_account_is_not_found() -> None:
    assert table.find("nobody") is None
    with pytest.raises(AccountNotFound):
        table.get("nobody")


def test_of_several_those_that_do_not_exist_are_left_out() -> None:
    one, other = created(), created()
    found = table.find_many([one.account_id, "nobody", other.account_id])
    assert found == {one.account_id: one, other.account_id: other}
    assert table.find_many([]) == {}


def test_a_customer_once_kept_stays() -> None:
    account_id = created().account_id
    assert table.keep_customer(account_id, "cus_1") == "cus_1"
    assert table.keep_customer(account_id, "cus_2") == "cus_1"


def test_a_customer_that_was_deleted_is_forgotten_with_its_card_unless_there_is_another() -> None:
    account_id = created().account_id
    table.keep_customer(account_id, "cus_1")
    table.put_card(account_id, card("pm_1", 1))
    assert not table.forget_customer(account_id, "cus_2")
    assert table.forget_customer(account_id, "cus_1")
    found = table.get(account_id)
    assert (found.stripe_customer_id, found.card) == (None, None)
    assert not table.forget_customer("nobody", "cus_1")


def test_the_newest_card_wins_in_whatever_order_the_news_comes() -> None:
    account_id = created().account_id
    newest = filled(Card, set_up_at_ms=2)
    assert table.put_card(account_id, newest)
    assert not table.put_card(account_id, card("pm_old", 1))
    assert table.get(account_id).card == newest


def test_an_account_that_does_not_exist_gets_no_card() -> None:
    assert not table.put_card("nobody", card("pm_1", 1))
    assert table.find("nobody") is None


def test_a_removed_card_does_not_come_back_with_late_news() -> None:
    account_id = created().account_id
    table.put_card(account_id, card("pm_1", 1))
    assert not table.remove_card(account_id, "pm_other")
    assert table.remove_card(account_id, "pm_1")
    assert not table.put_card(account_id, card("pm_1", 1))
    assert table.get(account_id).card is None


def test_a_change_is_made_over_what_was_read_or_not_at_all() -> None:
    read = created()
    assert table.change(replace(read, country="DE"))
    assert not table.change(replace(read, name="Too late"))
    assert not table.change(replace(read, account_id="nobody"))
    found = table.get(read.account_id)
    assert (found.name, found.country) == ("Acme", "DE")
    assert table.change(replace(found, name="In time"))


def test_changing_an_account_leaves_its_card_and_customer_alone() -> None:
    read = created()
    table.keep_customer(read.account_id, "cus_1")
    table.put_card(read.account_id, card("pm_1", 1))
    details = BillingDetails(name="Acme GmbH", address=["Ring 1", "1010 Wien"])
    assert table.change(replace(read, name="New name", country=None, billing_details=details))
    found = table.get(read.account_id)
    assert (found.name, found.country, found.billing_details) == ("New name", None, details)
    assert (found.stripe_customer_id, found.card) == ("cus_1", card("pm_1", 1))
