"""What is derived from a wallet's pages is rebuilt from them, whatever was lost, damaged, or restored as of earlier."""

from collections.abc import Callable
from functools import partial

import pytest

from chalicelib.ledger import table
from chalicelib.ledger.client_usage_table import ClientUsageRow
from chalicelib.ledger.page import Page, UnreadablePage
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post
from chalicelib.ledger.rebuild import BrokenChain, Rebuild, derive, rebuild
from chalicelib.ledger.table import DailyUsageRow, WalletRow, read_wallet
from chalicelib.ledger.verify import StillMoving, verify
from chalicelib.ledger.wallet import Wallet
from tests.build import TIME_MS, credit, debit, pair
from tests.conftest import NewWallet
from tests.damage import damage
from tests.ledger.test_verify import days, ledger
from tests.wire import Wire, calls_of, cuts

DAY_MS = 24 * 60 * 60 * 1000


def test_what_pages_imply_does_not_depend_on_their_order() -> None:
    wallet, pages = ledger()
    for order in (pages, pages[::-1]):
        derived = derive("acme", "usd", order)
        assert derived.wallet == wallet
        assert derived.days == days()


def test_no_pages_imply_an_empty_wallet_in_the_accounts_currency() -> None:
    assert derive("acme", "jpy", []).wallet == Wallet("acme", "jpy")


@pytest.mark.parametrize(
    ("break_chain", "message"),
    [
        (lambda pages: pages[1:], "transactions 1 to 1 are missing"),
        (lambda pages: pages[:1] + pages[2:], "transactions 2 to 49 are missing"),
        (lambda pages: [*pages, pages[1]], "numbers that another page has, too"),
    ],
)
def test_pages_that_are_no_chain_imply_nothing(break_chain: Callable[[list[Page]], list[Page]], message: str) -> None:
    with pytest.raises(BrokenChain, match=message):
        derive("acme", "usd", break_chain(ledger()[1]))


@pytest.fixture
def agency(new_wallet: NewWallet) -> str:
    """Make a wallet with three days of usage, of its own and of a client."""
    agency = new_wallet()
    client = new_wallet(workspace=agency)
    for day in range(3):
        at_ms = TIME_MS + day * DAY_MS
        post([credit(day, agency, occurred_at_ms=at_ms), debit(day, agency, occurred_at_ms=at_ms + 1)])
        post([pair(10 + day, client, agency, occurred_at_ms=at_ms + 2)])
    return agency


def rebuilt(account_id: str, *, write: bool = True) -> Rebuild:
    return rebuild(account_id, "usd", write=write)


def test_a_sound_wallet_is_left_as_it_is(agency: str) -> None:
    assert not rebuilt(agency).changed


def back_to_its_first_page(agency: str) -> None:
    (first, *_) = PageRow.query(agency)
    row = WalletRow.get(agency)
    row.update(
        actions=[
            WalletRow.sequence.set(int(first.transactions)),
            WalletRow.balance_micros.set(int(first.closing_balance_micros)),
            WalletRow.head_hash.set(first.hash),
        ]
    )


def months_of(workspace_id: str) -> list[ClientUsageRow]:
    return list(ClientUsageRow.query(workspace_id))


def bare(agency: str) -> None:
    WalletRow(agency).delete()
    damage(WalletRow, {"account_id": agency}, "noted")


DAMAGES: dict[str, Callable[[str], object]] = {
    "its row is missing": lambda agency: WalletRow(agency).delete(),
    "its row is older than its pages": back_to_its_first_page,
    "its balance cannot be read": lambda agency: damage(WalletRow, {"account_id": agency}, "balance_micros"),
    "its sequence cannot be read": lambda agency: damage(WalletRow, {"account_id": agency}, "sequence"),
    "its hash cannot be read": lambda agency: damage(WalletRow, {"account_id": agency}, "head_hash"),
    "its pages cannot be read": lambda agency: damage(WalletRow, {"account_id": agency}, "recent_pages"),
    "its currency is none": lambda agency: damage(WalletRow, {"account_id": agency}, "currency", {"N": "1"}),
    "all but its key is missing": bare,
    "a day is missing": lambda agency: next(iter(DailyUsageRow.query(agency))).delete(),
    "a day that never was": lambda agency: damage(
        DailyUsageRow, {"account_id": agency, "day": "2020-01-01"}, "sms:count", {"N": "3"}
    ),
    "a meter that never was": lambda agency: damage(
        DailyUsageRow, {"account_id": agency, "day": "2026-09-21"}, "fax:count", {"N": "3"}
    ),
    "a day that cannot be read": lambda agency: damage(
        DailyUsageRow, {"account_id": agency, "day": "2026-09-21"}, "sms:amount"
    ),
    "a client's month is missing": lambda agency: [row.delete() for row in months_of(agency)],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_was_lost_or_damaged_is_as_before(agency: str, name: str) -> None:
    before = read_wallet(agency)
    DAMAGES[name](agency)
    assert rebuilt(agency, write=False).changed
    assert rebuilt(agency, write=False).changed, "without `write` nothing is written"
    assert rebuilt(agency).after == before
    assert not rebuilt(agency).changed
    assert verify(agency).difference is None


def test_a_client_restores_its_prices_and_its_workspace_the_costs(new_wallet: NewWallet) -> None:
    agency = new_wallet()
    client = new_wallet(workspace=agency)
    post([pair(1, client, agency)])
    (row,) = months_of(agency)
    before = row.to_simple_dict()
    row.delete()
    assert rebuilt(client).changed
    assert verify(client).difference is None
    assert rebuilt(agency).changed
    assert verify(agency).difference is None
    (row,) = months_of(agency)
    assert row.to_simple_dict() == before


def test_more_days_than_a_transaction_holds_are_rebuilt(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([debit(day, account_id, occurred_at_ms=TIME_MS + day * DAY_MS) for day in range(120)])
    for row in list(DailyUsageRow.query(account_id)):
        row.delete()
    assert rebuilt(account_id).rows == 120
    assert verify(account_id).difference is None


def test_nothing_is_derived_from_pages_that_cannot_be_read(agency: str) -> None:
    (first, *_) = PageRow.query(agency)
    first.update(actions=[PageRow.format.set(99)])
    WalletRow(agency).delete()
    with pytest.raises(UnreadablePage):
        rebuilt(agency)
    assert not table.read_wallet_rows([agency])


def test_a_page_that_was_tampered_with_is_not_built_upon(agency: str) -> None:
    (first, *_) = PageRow.query(agency)
    first.update(actions=[PageRow.closing_balance_micros.set(7)])
    with pytest.raises(BrokenChain):
        rebuilt(agency)


def test_what_is_posted_meanwhile_is_not_written_over(agency: str) -> None:
    next(iter(DailyUsageRow.query(agency))).delete()
    calls = calls_of(lambda: rebuilt(agency, write=False))
    left = iter(range(1000))

    def post_before_it_writes() -> None:
        if next(left) == calls:
            post([debit(999, agency)])

    with pytest.raises(StillMoving), Wire(leaving=post_before_it_writes):
        rebuilt(agency)
    assert rebuilt(agency).changed
    assert verify(agency).difference is None


def test_one_that_is_cut_off_is_continued_by_a_repeat(new_wallet: NewWallet) -> None:
    def lost() -> str:
        account_id = new_wallet()
        post([debit(day, account_id, occurred_at_ms=TIME_MS + day * DAY_MS) for day in range(120)])
        for row in [*DailyUsageRow.query(account_id), WalletRow.get(account_id)]:
            row.delete()
        return account_id

    first = lost()
    for cut in cuts(partial(rebuilt, first)):
        account_id = lost()
        cut(partial(rebuilt, account_id))
        rebuilt(account_id)
        assert verify(account_id).difference is None
