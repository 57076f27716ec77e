"""The door to the table `cards`."""

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, AccountNotFound, BillingDetails
from chalicelib.cards import expiry_index, table
from chalicelib.cards.card import Card
from chalicelib.cards.payer import Payer
from chalicelib.cards.table import CardRow
from chalicelib.clock import DAY_MS, now_ms, parse_iso
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from tests.build import unique
from tests.filled import filled
from tests.wire import calls_of

CONNECTED = StripeAccount("acct_1")
pytestmark = pytest.mark.usefixtures("memory")


def card(method: str, set_up_at_ms: int) -> Card:
    return Card(method, "visa", "4242", 12, 2030, "print", set_up_at_ms)


@pytest.fixture
def account() -> Account:
    """Return an account that has no customer yet."""
    made = Account(unique("account"), "workspace", None, "Acme", "a@b.example", "usd", "en", "AT", None, 1)
    assert accounts.create(made)
    return made


@pytest.fixture
def acme(account: Account) -> str:
    """Return the id of the account, which has a customer now, and no card yet."""
    assert table.keep_customer(account.account_id, PLATFORM, "cus_1") == "cus_1"
    return account.account_id


def test_an_account_pays_on_the_platforms_stripe_account_and_has_neither_customer_nor_card_at_first(
    account: Account,
) -> None:
    assert table.get_payer(account.account_id) == Payer(account, PLATFORM)
    assert table.find_card(account.account_id, PLATFORM) is None


def test_an_unknown_account_is_not_found() -> None:
    assert table.find_payer("nobody") is None
    with pytest.raises(AccountNotFound):
        table.get_payer("nobody")


def test_the_account_with_its_customer_and_card_is_read_in_one_call(account: Account, acme: str) -> None:
    written = filled(Card)
    assert table.put_card(acme, PLATFORM, written)
    assert table.get_payer(acme) == Payer(account, PLATFORM, "cus_1", written)
    assert calls_of(lambda: table.get_payer(acme)) == 1


def test_a_customer_once_kept_stays(acme: str) -> None:
    assert table.keep_customer(acme, PLATFORM, "cus_2") == "cus_1"


def test_each_stripe_account_has_a_customer_and_a_card_of_its_own(account: Account, acme: str) -> None:
    assert table.keep_customer(acme, CONNECTED, "cus_2") == "cus_2"
    assert table.put_card(acme, PLATFORM, card("pm_1", 1))
    assert table.put_card(acme, CONNECTED, card("pm_2", 1))
    assert not table.remove_card(acme, CONNECTED, "pm_1")
    assert table.forget_customer(acme, CONNECTED, "cus_2")
    assert table.find_card(acme, CONNECTED) is None
    assert table.get_payer(acme) == Payer(account, PLATFORM, "cus_1", card("pm_1", 1))


def test_there_is_no_card_before_there_is_a_customer(account: Account) -> None:
    assert not table.put_card(account.account_id, PLATFORM, card("pm_1", 1))
    assert not table.forget_customer(account.account_id, PLATFORM, "cus_1")
    assert not table.put_card("nobody", PLATFORM, card("pm_1", 1))
    assert not table.forget_customer("nobody", PLATFORM, "cus_1")
    assert table.find_payer("nobody") is None


def test_the_newest_card_wins_in_whatever_order_the_news_comes(acme: str) -> None:
    newest = filled(Card, set_up_at_ms=2)
    assert table.put_card(acme, PLATFORM, newest)
    assert not table.put_card(acme, PLATFORM, card("pm_old", 1))
    assert table.find_card(acme, PLATFORM) == newest


def test_a_removed_card_does_not_come_back_with_late_news(acme: str) -> None:
    assert table.put_card(acme, PLATFORM, card("pm_1", 1))
    assert not table.remove_card(acme, PLATFORM, "pm_other")
    assert table.remove_card(acme, PLATFORM, "pm_1")
    assert not table.put_card(acme, PLATFORM, card("pm_1", 1))
    assert table.find_card(acme, PLATFORM) is None


def test_a_customer_is_forgotten_with_its_card_unless_there_is_another(account: Account, acme: str) -> None:
    assert table.put_card(acme, PLATFORM, card("pm_1", 1))
    assert not table.forget_customer(acme, PLATFORM, "cus_other")
    assert table.forget_customer(acme, PLATFORM, "cus_1")
    assert table.get_payer(acme) == Payer(account, PLATFORM)
    assert not table.put_card(acme, PLATFORM, card("pm_1", 1))
    assert table.keep_customer(acme, PLATFORM, "cus_2") == "cus_2"


def test_changing_an_account_leaves_its_card_and_customer_alone(account: Account, acme: str) -> None:
    assert table.put_card(acme, PLATFORM, card("pm_1", 1))
    details = BillingDetails(name="Acme GmbH", address=["Ring 1", "1010 Wien"])
    changed = replace(account, name="New name", country=None, billing_details=details)
    assert accounts.change(changed)
    assert table.get_payer(acme) == Payer(replace(changed, version=1), PLATFORM, "cus_1", card("pm_1", 1))


def test_a_card_without_its_customer_cannot_be_charged(account: Account) -> None:
    assert Payer(account, PLATFORM, "cus_1", card("pm_1", 1)).chargeable_card == card("pm_1", 1)
    assert Payer(account, PLATFORM, None, card("pm_1", 1)).chargeable_card is None


def due_of(account_id: str, moment_ms: int) -> int | None:
    return next((due_ms for found, _, due_ms in expiry_index.due(moment_ms, 100) if found == account_id), None)


def test_cards_are_due_before_they_expire_and_after_each_notice_for_the_next(acme: str) -> None:
    expires_ms = parse_iso("2031-01-01T00:00:00.000Z")
    thirty_ms, seven_ms = expires_ms - 30 * DAY_MS, expires_ms - 7 * DAY_MS
    assert table.put_card(acme, PLATFORM, card("pm_1", 1))
    assert due_of(acme, thirty_ms - 1) is None
    assert due_of(acme, thirty_ms) == thirty_ms
    assert expiry_index.claim(acme, PLATFORM.key, thirty_ms, again_at_ms=thirty_ms + 1)
    assert not expiry_index.claim(acme, PLATFORM.key, thirty_ms, again_at_ms=thirty_ms + 2)
    expiry_index.finish(acme, PLATFORM.key, thirty_ms + 1, thirty_ms)
    assert due_of(acme, expires_ms) == seven_ms
    assert expiry_index.claim(acme, PLATFORM.key, seven_ms, again_at_ms=expires_ms)
    expiry_index.finish(acme, PLATFORM.key, expires_ms, seven_ms)
    assert due_of(acme, 2 * expires_ms) is None


def test_cards_that_change_while_they_are_told_of_are_due_for_what_they_are_then(acme: str) -> None:
    assert table.put_card(acme, PLATFORM, card("pm_1", 1))
    due_ms = due_of(acme, 2**45)
    assert due_ms
    assert expiry_index.claim(acme, PLATFORM.key, due_ms, again_at_ms=due_ms + 1)
    assert table.put_card(acme, PLATFORM, replace(card("pm_2", 2), expiry_year=2032, fingerprint="another"))
    expiry_index.finish(acme, PLATFORM.key, due_ms + 1, due_ms)
    assert due_of(acme, 2**45) == parse_iso("2033-01-01T00:00:00.000Z") - 30 * DAY_MS
    assert table.remove_card(acme, PLATFORM, "pm_2")
    assert due_of(acme, 2**45) is None


def test_the_operator_has_cards_of_before_told_of(acme: str) -> None:
    assert table.put_card(acme, PLATFORM, card("pm_1", 1))
    due_ms = due_of(acme, 2**45)
    CardRow(acme, PLATFORM.key).update([CardRow.due_at_ms.remove(), CardRow.due_shard.remove()])
    assert (acme, PLATFORM.key) in set(expiry_index.without_due())
    for _ in range(2):
        expiry_index.schedule_notice((acme, PLATFORM.key), now_ms())
    assert due_of(acme, 2**45) == due_ms
