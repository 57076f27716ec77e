"""The door to the table `accounts`."""

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table
from chalicelib.accounts.account import Account, AccountNotFound, BillingDetails
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


def test_an_account_comes_back_as_it_was_written_with_an_empty_wallet() -> None:
    plain = created()
    assert table.get(plain.account_id) == plain
    assert read_wallet(plain.account_id).balance_micros == 0


def test_an_account_with_everything_comes_back_as_it_was_written() -> None:
    written = filled(Account, access_until_ms=None, version=0)
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


def test_a_change_is_made_over_what_was_read_or_not_at_all() -> None:
    read = created()
    assert table.change(replace(read, country="DE"))
    assert not table.change(replace(read, name="Too late"))
    assert not table.change(replace(read, account_id="nobody"))
    found = table.get(read.account_id)
    assert (found.name, found.country) == ("Acme", "DE")
    assert table.change(replace(found, name="In time"))


def test_a_change_writes_all_that_may_change_and_nothing_else() -> None:
    read = created()
    details = BillingDetails(name="Acme GmbH", address=["Ring 1", "1010 Wien"])
    changed = replace(read, name="New name", country=None, billing_details=details)
    assert table.change(replace(changed, kind="client", currency="eur"))
    assert table.get(read.account_id) == replace(changed, version=1)
