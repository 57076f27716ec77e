"""The doors to the ledger's tables, one writer at a time: wallets, pages, days."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.ledger import page_table, table
from chalicelib.ledger.build import WalletPlan, build
from chalicelib.ledger.page import Page
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.table import ConcurrentCommit
from chalicelib.ledger.wallet import END_OF_TIME_MS, GENESIS, PageSpan, Wallet, WalletNotFound
from chalicelib.tables import KEYS_A_CALL, connection
from tests.build import TIME_MS, credit, debit, unique
from tests.filled import STRANGE

pytestmark = pytest.mark.usefixtures("memory")

HOUR_MS = 3_600_000


def new_wallet() -> str:
    account_id = unique("wallet")
    with TransactWrite(connection=connection()) as transaction:
        table.add_new_wallet(transaction, account_id, "usd")
    return account_id


def plans_of(account_id: str, postings: Sequence[Posting]) -> list[WalletPlan]:
    return build({account_id: table.read_wallet(account_id)}, postings, TIME_MS)


def committed(account_id: str, *postings: Posting) -> list[Page]:
    plans = plans_of(account_id, postings)
    table.commit(plans)
    return [page for plan in plans for page in plan.pages]


def every_page(account_id: str) -> list[Page]:
    return list(page_table.read_pages(account_id, 0, END_OF_TIME_MS))


def test_a_new_wallet_is_empty_and_made_once() -> None:
    account_id = new_wallet()
    assert table.read_wallet(account_id) == Wallet(account_id, "usd", 0, 0, GENESIS, (), 0)
    with pytest.raises(TransactWriteError), TransactWrite(connection=connection()) as transaction:
        table.add_new_wallet(transaction, account_id, "eur")
    assert table.read_wallet(account_id).currency == "usd"


def test_a_wallet_that_was_never_made_is_not_found() -> None:
    with pytest.raises(WalletNotFound):
        table.read_wallet("nobody")
    assert table.read_wallet_rows(["nobody"]) == table.read_wallet_rows(["nobody", "nothing"]) == {}


def test_more_wallets_than_one_call_reads_are_read() -> None:
    known = [new_wallet() for _ in range(3)]
    asked = [known[0], *(f"unknown-{number}" for number in range(2 * KEYS_A_CALL)), *known[1:]]
    assert table.read_wallet_rows(asked).keys() == set(known)


def test_a_commit_writes_the_wallet_its_pages_and_its_days() -> None:
    account_id = new_wallet()
    first, second = debit(1, account_id, description=STRANGE), credit(2, account_id)
    plans = plans_of(account_id, [first, second])
    table.commit(plans)
    assert every_page(account_id) == [page for plan in plans for page in plan.pages]
    assert table.read_wallet(account_id) == plans[0].head
    (usage,) = table.read_days(account_id, "2026-01-01", "2026-12-31").values()
    assert [usage["sms"].count, usage["sms"].amount_micros, usage["sms"].quantity_micros] == [1, 50_000, 1_000_000]


def test_a_commit_over_a_wallet_that_has_moved_writes_nothing_and_tells_what_it_is_now() -> None:
    account_id = new_wallet()
    late = plans_of(account_id, [debit(1, account_id)])
    pages = committed(account_id, credit(2, account_id))
    with pytest.raises(ConcurrentCommit):
        table.commit(late)
    assert every_page(account_id) == pages
    assert table.read_wallet(account_id).balance_micros == 25_000_000


def test_usage_adds_up_in_its_day_and_days_are_read_in_their_order() -> None:
    account_id = new_wallet()
    for number, later in ((1, 1), (2, 0), (3, 1)):
        committed(account_id, debit(number, account_id, occurred_at_ms=TIME_MS + later * 24 * HOUR_MS))
    days = table.read_days(account_id, "2026-01-01", "2026-12-31")
    assert [usage["sms"].count for usage in days.values()] == [1, 2]
    assert list(days) == sorted(days)
    first, last = days
    assert list(table.read_days(account_id, last, last)) == [last]
    assert table.read_days(account_id, "2026-01-01", "2026-01-31") == {}
    assert dict(table.read_meters_used(first))[account_id] == {"sms"}
    assert account_id not in dict(table.read_meters_used("2027-01-01"))


def test_pages_are_found_by_time_by_sequence_and_by_key() -> None:
    account_id = new_wallet()
    pages = [
        page
        for number in range(3)
        for page in committed(account_id, debit(number, account_id, occurred_at_ms=TIME_MS + number * HOUR_MS))
    ]
    everywhere = (account_id, 0, END_OF_TIME_MS)
    middle = pages[1]
    assert list(page_table.read_pages(account_id, middle.latest_ms, middle.latest_ms)) == [middle]
    assert list(page_table.read_pages_posted(*everywhere, after_sequence=1, up_to_sequence=2)) == [middle]
    assert page_table.read_page_sizes(*everywhere, after_sequence=1) == {2: 1, 3: 1}
    assert page_table.read_page(account_id, middle.latest_ms, middle.first_sequence) == middle
    assert page_table.read_page(account_id, middle.latest_ms, 9) is None
    found, missing = page_table.read_page_rows(
        [(account_id, middle.latest_ms, middle.first_sequence), (account_id, middle.latest_ms, 9)]
    )
    assert found is not None
    assert (page_table.page_of(found), missing) == (middle, None)


def test_newest_pages_come_first_and_the_index_knows_only_those_with_credits() -> None:
    account_id = new_wallet()
    (used,) = committed(account_id, debit(1, account_id))
    (paid,) = committed(account_id, credit(2, account_id, occurred_at_ms=TIME_MS + HOUR_MS))
    assert page_table.read_newest_pages(account_id, "~", 5, credits_only=False) == [paid, used]
    assert page_table.read_newest_pages(account_id, "~", 1, credits_only=False) == [paid]
    assert page_table.read_newest_pages(account_id, "~", 5, credits_only=True) == [paid]


def test_each_account_is_scanned_with_how_many_transactions_it_has() -> None:
    account_id, empty = new_wallet(), new_wallet()
    committed(account_id, credit(1, account_id), debit(2, account_id))
    found = dict(table.scan_sequences())
    assert (found[account_id], found[empty]) == (2, 0)


def test_a_wallet_from_before_rows_named_pages_may_have_events_at_any_time() -> None:
    account_id = new_wallet()
    table.WalletRow(account_id).update([table.WalletRow.recent_pages.remove(), table.WalletRow.older_ms.remove()])
    assert replace(table.read_wallet(account_id), older_ms=0) == Wallet(account_id, "usd")
    assert table.read_wallet(account_id).older_ms == END_OF_TIME_MS


def test_the_spans_of_pages_come_back_as_they_were_packed() -> None:
    spans = (PageSpan(0, END_OF_TIME_MS, 1), PageSpan(TIME_MS, TIME_MS + 1, 2**40))
    assert table.unpack_spans(table.pack_spans(spans)) == spans
    assert table.unpack_spans(b"") == ()
