"""The door to the table `rebilling`."""

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.pricing import table
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import NO_REBILLING, Dated, Rebilling
from tests.build import unique
from tests.filled import STRANGE, filled

pytestmark = pytest.mark.usefixtures("memory")

FULL = Rebilling(
    switches=(Dated(2, value=False, set_at_ms=1, actor=STRANGE), Dated(1, value=True, set_at_ms=1, actor="kim")),
    prices={"sms": (Dated(3, None, 2, "kim"), Dated(2, filled(ClientPrice), 1, "kim"))},
    allowances_micros=(Dated(1, 5_000_000, 1, "kim"),),
    version=1,
)


def written(rebilling: Rebilling = FULL) -> str:
    account_id = unique("account")
    assert table.write(account_id, rebilling, over=0)
    return account_id


def test_settings_come_back_as_they_were_written() -> None:
    assert table.find(written()) == FULL
    assert table.find("nobody") == NO_REBILLING


def test_of_several_accounts_those_without_are_left_out() -> None:
    one, other = written(), written(Rebilling(version=1))
    assert table.find_many([one, "nobody", other, one]) == {one: FULL, other: Rebilling(version=1)}
    assert table.find_many([]) == {}


def test_settings_are_written_over_the_version_that_was_read_or_not_at_all() -> None:
    account_id = written()
    assert not table.write(account_id, replace(FULL, switches=()), over=0)
    assert table.write(account_id, replace(FULL, version=2), over=1)
    assert not table.write(account_id, replace(FULL, version=2, switches=()), over=1)
    assert table.find(account_id) == replace(FULL, version=2)


def test_a_new_account_is_written_with_its_settings_or_neither() -> None:
    account = Account(unique("client"), "client", "acme", "Bob", "a@b.example", "usd", "en", None, None, 1)
    assert accounts.create(account, FULL)
    assert table.find(account.account_id) == FULL
    assert not accounts.create(account, Rebilling(version=7))
    assert table.find(account.account_id) == FULL
    plain = replace(account, account_id=unique("client"))
    assert accounts.create(plain)
    assert table.find(plain.account_id) == NO_REBILLING
