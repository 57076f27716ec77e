from random import Random
from string import ascii_letters

import pytest
from msgspec.structs import replace

from chalicelib.clock import Deadline
from chalicelib.ledger import page_table, statement, table
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.load import load_wallets
from chalicelib.ledger.page import UnreadablePage
from chalicelib.ledger.post import LedgerBusy, OutOfTime, post, post_one
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.table import NotStorable
from chalicelib.ledger.transaction import Sibling, UnknownTransaction
from chalicelib.ledger.verify import verify
from chalicelib.ledger.wallet import WalletNotFound
from tests.build import TIME_MS, credit, debit, pair, receipt
from tests.conftest import NewWallet
from tests.ledger.wire import always_busy, counted_calls

DAY_MS = 24 * 60 * 60 * 1000


def outcome(postings: list[Posting]) -> tuple[int, int, int]:
    """Post and return how many were posted, repeats and conflicts."""
    found = post(postings)
    assert not found.refused
    return len(found.posted), len(found.repeats), len(found.conflicts)


def test_a_batch_is_posted_once_and_moves_the_balance_by_its_sum(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    assert outcome([credit(0, account_id), *(debit(number, account_id) for number in range(1, 11))]) == (11, 0, 0)
    wallet = table.read_wallet(account_id)
    assert (wallet.balance_micros, wallet.sequence) == (24_500_000, 11)
    assert verify(account_id).difference is None


def test_a_repeat_changes_nothing_a_year_later_too(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    batch = [debit(number, account_id) for number in range(10)]
    post(batch)
    for later in range(1, 5):
        post([debit(1000 + later, account_id, occurred_at_ms=TIME_MS + later * 90 * DAY_MS)])
    before = table.read_wallet(account_id)
    assert outcome(batch) == (0, 10, 0)
    assert table.read_wallet(account_id) == before


def test_a_batch_of_new_old_and_conflicting_events_is_told_apart(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([debit(1, account_id), debit(2, account_id)])
    assert outcome([debit(1, account_id), debit(2, account_id, url="https://other.example"), debit(3, account_id)]) == (
        1,
        1,
        1,
    )
    assert table.read_wallet(account_id).balance_micros == -150_000


def test_a_single_conflict_is_refused(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    assert post_one(credit(1, account_id)) is True
    assert post_one(credit(1, account_id)) is False
    with pytest.raises(EventConflict):
        post_one(credit(1, account_id, amount_micros=1))
    assert table.read_wallet(account_id).balance_micros == 25_000_000


def test_usage_is_posted_below_zero(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([debit(1, account_id)])
    assert table.read_wallet(account_id).balance_micros == -50_000


def test_an_account_that_does_not_exist_fails_alone(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    with pytest.raises(WalletNotFound):
        post_one(debit(1, "nobody"))
    result = post([debit(1, "nobody"), debit(1, account_id)])
    assert [posting.identity.account_id for posting in result.posted] == [account_id]
    assert [type(refused.error) for refused in result.refused] == [WalletNotFound]


def test_both_legs_are_posted_and_lead_to_each_other(new_wallet: NewWallet) -> None:
    client, workspace = new_wallet(), new_wallet()
    assert outcome([pair(number, client, workspace) for number in range(20)]) == (20, 0, 0)
    assert table.read_wallet(client).balance_micros == -20 * 70_000
    assert table.read_wallet(workspace).balance_micros == -20 * 50_000
    for each in statement.read_history(client, limit=50).transactions:
        assert each.sibling is not None
        other = statement.read_transaction(workspace, each.sibling.transaction_id)
        assert other.sibling == Sibling(client, each.id)
        assert (other.identity, other.content) == (each.identity, each.content)
    assert verify(client, {client, workspace}).difference is None
    assert verify(workspace, {client, workspace}).difference is None


def test_a_leg_whose_wallet_is_missing_keeps_the_other_from_being_posted(new_wallet: NewWallet) -> None:
    client = new_wallet()
    result = post([pair(1, client, "nobody"), debit(2, client)])
    assert [posting.identity.event_id for posting in result.posted] == ["event-2"]
    assert table.read_wallet(client).balance_micros == -50_000


@pytest.mark.parametrize("first", ["client", "workspace"])
def test_an_event_sent_again_with_more_legs_is_the_repeat_that_it_is(new_wallet: NewWallet, first: str) -> None:
    accounts = {"client": new_wallet(), "workspace": new_wallet()}
    both = pair(1, accounts["client"], accounts["workspace"])
    alone = replace(both, legs=tuple(leg for leg in both.legs if leg.account_id == accounts[first]))
    assert outcome([alone]) == (1, 0, 0)
    before = {account: table.read_wallet(account) for account in accounts.values()}
    assert outcome([both]) == (0, 1, 0)
    changed = replace(both, content=replace(both.content, url="https://other.example"))
    assert outcome([changed]) == (0, 0, 1)
    assert {account: table.read_wallet(account) for account in accounts.values()} == before


def test_an_event_sent_again_with_fewer_legs_or_another_workspace_is_a_repeat(new_wallet: NewWallet) -> None:
    client, workspace, other = new_wallet(), new_wallet(), new_wallet()
    both = pair(1, client, workspace)
    assert outcome([both]) == (1, 0, 0)
    assert outcome([replace(both, legs=both.legs[:1])]) == (0, 1, 0)
    assert outcome([replace(both, legs=both.legs[1:])]) == (0, 1, 0)
    assert outcome([pair(1, client, other)]) == (0, 1, 0)
    assert table.read_wallet(other).sequence == 0


def test_the_same_id_of_two_clients_is_two_events_in_their_workspace(new_wallet: NewWallet) -> None:
    one, two, workspace = new_wallet(), new_wallet(), new_wallet()
    assert outcome([pair(1, one, workspace)]) == (1, 0, 0)
    assert outcome([pair(1, two, workspace)]) == (1, 0, 0)
    assert table.read_wallet(workspace).balance_micros == -100_000


def test_a_hundred_clients_of_one_workspace_take_five_commits(new_wallet: NewWallet) -> None:
    workspace, clients = new_wallet(), [new_wallet() for _ in range(100)]
    batch = [pair(number, client, workspace, occurred_at_ms=TIME_MS) for number, client in enumerate(clients * 3)]
    with counted_calls() as calls:
        assert outcome(batch) == (300, 0, 0)
    assert calls["TransactWriteItems"] == 5
    assert calls["BatchGetItem"] == 2
    assert calls["Query"] == 0
    accounts = {workspace, *clients}
    assert [each for each in accounts if verify(each, accounts).difference] == []


def test_a_receipt_is_one_transaction_with_its_lines_and_counts_by_them(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    sent = receipt(1, account_id)
    assert outcome([sent, debit(2, account_id)]) == (2, 0, 0)
    assert outcome([sent]) == (0, 1, 0)
    found = statement.read_history(account_id, limit=10).transactions[1]
    assert (found.content, found.leg) == (sent.content, sent.legs[0])
    (day,) = table.read_days(account_id, "2026-09-01", "2026-09-30").values()
    assert {meter: usage.count for meter, usage in day.items()} == {
        **{line.meter: 1 for line in sent.legs[0].lines},
        "sms": 1,
    }
    assert sum(usage.amount_micros for usage in day.values()) == sent.legs[0].amount_micros + 50_000
    for meter, expected in {"llm_minute": 1, "ai_call": 1, "sms": 1, "fax": 0}.items():
        assert len(statement.read_history(account_id, statement.Filter(meter=meter), limit=10).transactions) == expected


def test_what_came_twice_in_a_batch_is_answered_for_as_the_first_was(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    batch = [debit(1, account_id), debit(1, account_id), debit(1, account_id, url="https://a.example")]
    assert outcome(batch) == (1, 1, 1)
    result = post([debit(1, "nobody"), debit(1, "nobody")])
    assert len(result.refused) == 2


def test_a_posting_that_cannot_be_stored_stands_alone(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    noise = Random(1)
    huge = debit(50, account_id, metadata={"a": "".join(noise.choices(ascii_letters, k=700_000))})
    result = post([*(debit(number, account_id) for number in range(100) if number != 50), huge])
    assert len(result.posted) == 99
    assert [(refused.posting, type(refused.error)) for refused in result.refused] == [(huge, NotStorable)]
    assert verify(account_id).difference is None


def test_a_wallet_whose_pages_cannot_be_read_fails_alone(new_wallet: NewWallet) -> None:
    broken, sound, workspace = new_wallet(), new_wallet(), new_wallet()
    post([debit(1, broken)])
    (page,) = page_table.PageRow.query(broken)
    page.update(actions=[page_table.PageRow.body.set(b"damaged")])
    result = post([pair(1, broken, workspace), pair(2, sound, workspace), debit(3, broken)])
    assert [posting.identity.account_id for posting in result.posted] == [sound]
    assert {type(refused.error) for refused in result.refused} == {UnreadablePage}


def test_pages_that_could_not_be_read_do_not_count_as_read(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([debit(1, account_id)])
    (page,) = page_table.PageRow.query(account_id)
    page.update(actions=[page_table.PageRow.body.set(b"damaged")])
    result = load_wallets([debit(1, account_id)], {})
    assert set(result.errors) == {account_id}
    assert not result.snapshots[account_id].is_current


def test_a_wallet_that_is_always_busy_fails_alone(new_wallet: NewWallet) -> None:
    busy, calm, workspace = new_wallet(), new_wallet(), new_wallet()
    with always_busy(busy):
        result = post([pair(1, busy, workspace), pair(2, calm, workspace), debit(3, calm)])
    assert len(result.posted) == 2
    assert [(type(each.error), each.posting.identity.account_id) for each in result.refused] == [(LedgerBusy, busy)]
    assert table.read_wallet(busy).sequence == 0
    assert table.read_wallet(workspace).balance_micros == -50_000


def test_what_cannot_be_done_in_time_is_refused_and_nothing_of_it_posted(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    result = post([debit(1, account_id)], deadline=Deadline(0))
    assert [type(each.error) for each in result.refused] == [OutOfTime]
    assert table.read_wallet(account_id).sequence == 0


def test_far_apart_times_are_looked_for_side_by_side_in_few_calls(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    close = [debit(number, account_id, occurred_at_ms=TIME_MS + number * 400_000) for number in range(500)]
    far = [debit(number, account_id, occurred_at_ms=TIME_MS - number * 4_000_000) for number in range(600, 650)]
    with counted_calls() as calls:
        assert outcome(close + far) == (550, 0, 0)
    assert calls["Query"] == 0
    assert calls["TransactWriteItems"] < 14
    with counted_calls() as calls:
        assert outcome(close + far) == (0, 550, 0)
    assert calls == {"GetItem": 1, "BatchGetItem": 1, "Query": calls["Query"]}
    assert 25 < calls["Query"] <= 51


def test_a_batch_over_more_days_than_one_commit_holds_is_posted_whole(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    batch = [debit(number, account_id, occurred_at_ms=TIME_MS - number * DAY_MS) for number in range(130)]
    assert outcome(batch) == (130, 0, 0)
    assert outcome(batch) == (0, 130, 0)
    assert verify(account_id).difference is None
    assert len(table.read_days(account_id, "2020-01-01", "2030-01-01")) == 130


def test_days_add_up_per_meter(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    minutes = debit(3, account_id, meter="voice_minute", quantity_micros=1_500_000, amount_micros=97_500)
    post([debit(1, account_id), debit(2, account_id), minutes])
    post([debit(4, account_id)])
    (day,) = table.read_days(account_id, "2026-09-01", "2026-09-30").values()
    assert (day["sms"].count, day["sms"].amount_micros, day["sms"].quantity_micros) == (3, 150_000, 3_000_000)
    assert (day["voice_minute"].count, day["voice_minute"].quantity_micros) == (1, 1_500_000)


def test_history_comes_newest_first_over_pages_and_cursors(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    for number in (3, 1, 2):
        post([debit(number, account_id), debit(number + 10, account_id)])
    post_one(credit(0, account_id))
    ids, cursor = [], None
    while True:
        found = statement.read_history(account_id, limit=2, cursor=cursor)
        ids += [each.identity.event_id for each in found.transactions]
        cursor = found.next_cursor
        if cursor is None:
            break
    assert ids == ["event-13", "event-12", "event-11", "event-3", "event-2", "event-1", "pay_0"]


def test_credits_are_found_without_reading_debits(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    for number in range(0, 30, 10):
        post([debit(number + step, account_id) for step in range(1, 9)])
        post_one(credit(number, account_id))
    found = statement.read_history(account_id, statement.Filter(type="credit"), limit=10)
    assert [each.identity.event_id for each in found.transactions] == ["pay_20", "pay_10", "pay_0"]
    assert found.next_cursor is None


def test_an_id_leads_straight_to_its_transaction(new_wallet: NewWallet) -> None:
    account_id, other = new_wallet(), new_wallet()
    post([debit(number, account_id) for number in range(5)])
    for each in statement.read_history(account_id, limit=10).transactions:
        assert statement.read_transaction(account_id, each.id) == each
        with pytest.raises(UnknownTransaction):
            statement.read_transaction(other, each.id)
