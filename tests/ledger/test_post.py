import pytest

from chalicelib.ledger import statement, table
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.post import post, post_one
from chalicelib.ledger.transaction import Entry, UnknownTransaction
from chalicelib.ledger.verify import verify
from chalicelib.ledger.wallet import WalletNotFound
from tests.build import TIME_MS, credit, debit
from tests.conftest import NewWallet

DAY_MS = 24 * 60 * 60 * 1000


def outcome(account_id: str, entries: list[Entry]) -> tuple[int, int, int]:
    """Post and return how many were fresh, repeats and conflicts."""
    found = post({account_id: entries})[account_id]
    return len(found.fresh), len(found.repeats), len(found.conflicts)


def test_a_batch_is_posted_once_and_moves_the_balance_by_its_sum(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    assert outcome(account_id, [credit(0), *(debit(number) for number in range(1, 11))]) == (11, 0, 0)
    wallet = table.read_wallet(account_id)
    assert (wallet.balance_micros, wallet.sequence) == (24_500_000, 11)
    assert verify(account_id).difference is None


def test_a_repeat_changes_nothing_a_year_later_too(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    batch = [debit(number) for number in range(10)]
    post({account_id: batch})
    for later in range(1, 5):
        post({account_id: [debit(1000 + later, occurred_at_ms=TIME_MS + later * 90 * DAY_MS)]})
    before = table.read_wallet(account_id)
    assert outcome(account_id, batch) == (0, 10, 0)
    assert table.read_wallet(account_id) == before


def test_a_batch_of_new_old_and_conflicting_events_is_told_apart(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post({account_id: [debit(1), debit(2)]})
    assert outcome(account_id, [debit(1), debit(2, url="https://other.example"), debit(3)]) == (1, 1, 1)
    assert table.read_wallet(account_id).balance_micros == -150_000


def test_a_single_conflict_is_refused(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    assert post_one(account_id, credit(1)) is True
    assert post_one(account_id, credit(1)) is False
    with pytest.raises(EventConflict):
        post_one(account_id, credit(1, amount_micros=1))
    assert table.read_wallet(account_id).balance_micros == 25_000_000


def test_usage_is_posted_below_zero(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post({account_id: [debit(1)]})
    assert table.read_wallet(account_id).balance_micros == -50_000


def test_an_account_that_does_not_exist_has_no_wallet(new_wallet: NewWallet) -> None:
    with pytest.raises(WalletNotFound):
        post({"nobody": [debit(1)]})


def test_two_wallets_change_together_or_not_at_all(new_wallet: NewWallet) -> None:
    client, workspace = new_wallet(), new_wallet()
    post({client: [debit(1, amount_micros=70_000)], workspace: [debit(1)]})
    assert table.read_wallet(client).balance_micros == -70_000
    assert table.read_wallet(workspace).balance_micros == -50_000
    with pytest.raises(WalletNotFound):
        post({client: [debit(2)], "nobody": [debit(2)]})
    assert table.read_wallet(client).sequence == 1


def test_a_batch_over_more_days_than_one_commit_holds_is_posted_whole(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    batch = [debit(number, occurred_at_ms=TIME_MS - number * DAY_MS) for number in range(130)]
    assert outcome(account_id, batch) == (130, 0, 0)
    assert outcome(account_id, batch) == (0, 130, 0)
    assert verify(account_id).difference is None
    assert len(table.read_days(account_id, "2020-01-01", "2030-01-01")) == 130


def test_days_add_up_per_meter(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post(
        {
            account_id: [
                debit(1),
                debit(2),
                debit(3, meter="voice_minute", quantity_micros=1_500_000, amount_micros=97_500),
            ]
        }
    )
    post({account_id: [debit(4)]})
    (day,) = table.read_days(account_id, "2026-09-01", "2026-09-30").values()
    assert (day["sms"].count, day["sms"].amount_micros, day["sms"].quantity_micros) == (3, 150_000, 3_000_000)
    assert (day["voice_minute"].count, day["voice_minute"].quantity_micros) == (1, 1_500_000)


def test_history_comes_newest_first_over_pages_and_cursors(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    for number in (3, 1, 2):
        post({account_id: [debit(number), debit(number + 10)]})
    post_one(account_id, credit(0))
    ids, cursor = [], None
    while True:
        found = statement.history(account_id, limit=2, cursor=cursor)
        ids += [each.entry.event_id for each in found.transactions]
        cursor = found.next_cursor
        if cursor is None:
            break
    assert ids == ["event-13", "event-12", "event-11", "event-3", "event-2", "event-1", "pay_0"]


def test_credits_are_found_without_reading_debits(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    for number in range(0, 30, 10):
        post({account_id: [debit(number + step) for step in range(1, 9)]})
        post_one(account_id, credit(number))
    found = statement.history(account_id, statement.Filter(type="credit"), limit=10)
    assert [each.entry.event_id for each in found.transactions] == ["pay_20", "pay_10", "pay_0"]
    assert found.next_cursor is None


def test_an_id_leads_straight_to_its_transaction(new_wallet: NewWallet) -> None:
    account_id, other = new_wallet(), new_wallet()
    post({account_id: [debit(number) for number in range(5)]})
    for each in statement.history(account_id, limit=10).transactions:
        assert statement.transaction(account_id, each.id) == each
        with pytest.raises(UnknownTransaction):
            statement.transaction(other, each.id)
