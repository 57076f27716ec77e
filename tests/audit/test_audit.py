"""The nightly audit over real pages, tables and day files."""

import json

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.audit import archive, table
from chalicelib.audit.day_file import hash_of, make_record, transaction_id_of
from chalicelib.audit.table import AuditRow
from chalicelib.clock import Deadline
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post
from chalicelib.ledger.statement import Filter, read_history
from chalicelib.ledger.verify import verify
from chalicelib.runs import RunIncomplete
from tests.audit.auditor import DAY_MS, audit, balance, only_repeat, read_page_keys, repeats
from tests.build import TIME_MS, credit, debit, pair, receipt
from tests.conftest import NewWallet
from tests.deadlines import DeadlineAfter


@pytest.fixture(autouse=True)
def nothing_else_is_behind(stack: object) -> None:
    """Audit what earlier tests have left, so that a test sees its own accounts alone."""
    put_all_back()
    audit(0, gives_back=False)
    put_all_back()


def put_all_back() -> None:
    """Let each account be audited in any night."""
    for row in AuditRow.scan(AuditRow.part == table.ACCOUNT):
        table.put_back(row.account_id)


def again(account_id: str, after_ms: int, *, number: int = 1) -> None:
    """Post the event of the number once more, with a time that is later by so much."""
    post([debit(number, account_id, occurred_at_ms=TIME_MS + after_ms, event_id=f"event-{number}")])


def test_an_event_sent_again_a_millisecond_later_is_found_and_given_back(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    again(account_id, 0)
    again(account_id, 1)
    assert balance(account_id) == -100_000
    audited = audit()
    assert (audited.events, audited.repeats) == (2, 1)
    assert repeats(account_id) == [("event-1", 1, "given_back")]
    assert balance(account_id) == -50_000
    assert verify(account_id).difference is None


def test_what_was_given_back_names_both_transactions_in_the_history(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    again(account_id, 0)
    again(account_id, 600_000)
    audit()
    correction, later, first = read_history(account_id, limit=10).transactions
    assert (correction.leg.type, correction.content.kind) == ("credit", "repeat_given_back")
    assert correction.content.metadata == {
        "repeated_transaction_id": later.id,
        "original_transaction_id": first.id,
    }
    assert correction.identity.occurred_at_ms == only_repeat(account_id).found_at_ms


def test_a_second_audit_finds_nothing_new_and_opens_no_page(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    again(account_id, 0)
    again(account_id, 600_000)
    audit(1)
    # The correction has moved the wallet, but is no usage: no day has anything new.
    with read_page_keys() as keys:
        assert audit(2).repeats == 0
    assert keys == []
    assert balance(account_id) == -50_000
    assert audit(3).accounts == 0


def test_where_the_catalog_does_not_say_so_nothing_is_given_back(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    again(account_id, 0)
    again(account_id, 600_000)
    audit(gives_back=False)
    assert repeats(account_id) == [("event-1", 600_000, "found")]
    assert balance(account_id) == -100_000


def test_what_was_found_without_being_given_back_stays_so_when_the_catalog_changes(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    again(account_id, 0)
    again(account_id, 600_000)
    audit(1, gives_back=False)
    again(account_id, 1_200_000)
    audit(2)
    assert repeats(account_id) == [("event-1", 600_000, "found"), ("event-1", 1_200_000, "given_back")]
    assert balance(account_id) == -100_000


@pytest.mark.parametrize("days", [1, 34, 35])
def test_a_repeat_is_found_across_days(new_wallet: NewWallet, days: int) -> None:
    account_id = new_wallet()
    again(account_id, 0)
    audit(0)
    again(account_id, days * DAY_MS)
    audit(days + 1)
    assert repeats(account_id) == [("event-1", days * DAY_MS, "given_back")]


def test_36_days_apart_are_two_events(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    again(account_id, 0)
    again(account_id, 36 * DAY_MS)
    assert audit(40).events == 2
    assert repeats(account_id) == []


def test_a_page_that_comes_late_is_compared_with_what_is_later_than_it(new_wallet: NewWallet) -> None:
    """The later event by its own time is given back, though it was posted first."""
    account_id = new_wallet()
    again(account_id, 20 * DAY_MS)
    audit(21)
    again(account_id, 0)
    audit(22)
    assert repeats(account_id) == [("event-1", 20 * DAY_MS, "given_back")]
    assert balance(account_id) == -50_000


def test_of_three_the_earliest_stays(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    for night, after in enumerate((DAY_MS, 2 * DAY_MS, 0), start=3):
        again(account_id, after)
        audit(night)
    assert repeats(account_id) == [("event-1", DAY_MS, "given_back"), ("event-1", 2 * DAY_MS, "given_back")]
    assert balance(account_id) == -50_000


def test_an_event_in_two_wallets_is_told_once_and_given_back_in_both(new_wallet: NewWallet) -> None:
    client, workspace = new_wallet(), new_wallet()
    post([pair(1, client, workspace, event_id="call"), pair(2, client, workspace, event_id="other")])
    post([pair(1, client, workspace, event_id="call", occurred_at_ms=TIME_MS + DAY_MS)])
    assert audit(2).repeats == 1
    assert (balance(client), balance(workspace)) == (-140_000, -100_000)
    assert repeats(workspace) == [("call", DAY_MS, "given_back")]
    assert repeats(client) == []
    (given_back,) = read_history(client, Filter(kind="repeat_given_back"), limit=5).transactions
    assert given_back.sibling is not None
    assert given_back.sibling.account_id == workspace
    for account_id in (client, workspace):
        assert verify(account_id, among=(client, workspace)).difference is None


def test_a_repeat_is_found_when_rebilling_was_switched_on_in_between(new_wallet: NewWallet) -> None:
    client, workspace = new_wallet(), new_wallet()
    both = pair(1, client, workspace, event_id="call", occurred_at_ms=TIME_MS + DAY_MS)
    post([replace(pair(1, client, workspace, event_id="call"), legs=both.legs[1:])])
    post([both])
    assert audit(2).repeats == 1
    assert (balance(client), balance(workspace)) == (0, -50_000)


def test_a_receipt_is_given_back_whole(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([receipt(1, account_id, event_id="call")])
    before = balance(account_id)
    post([receipt(1, account_id, event_id="call", occurred_at_ms=TIME_MS + DAY_MS)])
    audit(2)
    assert balance(account_id) == before
    with read_page_keys() as keys:
        audit(3)
    assert keys == []


def test_a_correction_is_not_audited_and_neither_is_a_payment(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([credit(1, account_id), credit(1, account_id, occurred_at_ms=TIME_MS + 600_000)])
    post([credit(1, account_id, occurred_at_ms=TIME_MS + 1_200_000)])
    audited = audit()
    assert (audited.accounts, audited.events, repeats(account_id)) == (1, 0, [])


def test_the_same_id_of_another_source_or_account_is_another_event(new_wallet: NewWallet) -> None:
    one, other = new_wallet(), new_wallet()
    post([debit(1, one), debit(1, one, source="/calls"), debit(1, other, occurred_at_ms=TIME_MS + DAY_MS)])
    assert audit(2).repeats == 0


def test_two_events_whose_hashes_are_the_same_are_still_two(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([debit(1, account_id), debit(2, account_id)])
    audit(0)
    (first, second) = read_history(account_id, limit=2).transactions
    collision = hash_of(make_record(first)) + make_record(second)[len(hash_of(make_record(second))) :]
    archive.add(account_id, clock.day_of(TIME_MS), [collision])
    again(account_id, 600_000, number=int(first.identity.event_id[-1]))
    audit(1)
    assert repeats(account_id) == [(first.identity.event_id, 600_000, "given_back")]


def test_each_page_is_opened_once_in_its_life(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    opened: list[str] = []
    for night in range(1, 4):
        for number in range(3):
            post([debit(night * 10 + number, account_id, occurred_at_ms=TIME_MS + night * DAY_MS + number * 600_000)])
        post([debit(night + 100, account_id, occurred_at_ms=TIME_MS - night * 600_000)])
        with read_page_keys() as keys:
            audit(night + 1)
        opened += keys
    assert sorted(opened) == sorted(row.page_key for row in PageRow.query(account_id))


def test_a_page_over_midnight_counts_for_both_of_its_days(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    midnight = TIME_MS - TIME_MS % DAY_MS + DAY_MS
    post([debit(each, account_id, occurred_at_ms=midnight + (each - 2) * 1000) for each in range(5)])
    assert audit(2).events == 5
    days = table.read_days(account_id)
    assert [days[clock.day_of(each)].usage_count for each in (midnight - 1, midnight)] == [2, 3]
    assert len(list(archive.read(account_id, clock.day_of(midnight)))) == 3
    with read_page_keys() as keys:
        audit(3)
    assert keys == []


def test_an_account_that_fails_stops_no_other_and_the_run_fails_at_its_end(
    new_wallet: NewWallet, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = new_wallet(), new_wallet()
    post([debit(1, bad), debit(1, good), debit(1, good, occurred_at_ms=TIME_MS + 600_000, event_id="event-1")])
    again(good, 1_200_000)
    (page,) = PageRow.query(bad)
    page.update([PageRow.format.set(99)])
    with pytest.raises(RunIncomplete, match="1 failed"):
        audit(1)
    assert len(repeats(good)) == 1
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (failed,) = [line for line in logged if line["event"] == "an account could not be audited"]
    assert failed["account_id"] == bad
    assert "UnreadablePage" in failed["exception"]
    # Not again in the same night, but in the next.
    assert audit(1).accounts == 0
    page.update([PageRow.format.set(2)])
    assert audit(2).events == 1


def test_a_run_without_time_leaves_all_to_the_next(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    again(account_id, 0)
    assert audit(deadline=Deadline(0)).accounts == 0
    assert audit().events == 1


def test_an_account_that_is_not_finished_in_time_goes_on_where_it_stopped(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    for day in range(3):
        again(account_id, day * DAY_MS)
    first = audit(4, deadline=DeadlineAfter(looks=2))
    assert (first.accounts, first.unfinished) == (1, 1)
    assert len(table.read_days(account_id)) == 1
    assert audit(4).unfinished == 0
    assert repeats(account_id) == [("event-1", DAY_MS, "given_back"), ("event-1", 2 * DAY_MS, "given_back")]


def test_more_repeats_than_one_run_has_time_for_are_settled_by_the_next(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    for after in (0, 600_000):
        post([debit(each, account_id, occurred_at_ms=TIME_MS + after, event_id=f"{each}") for each in range(150)])
    assert audit(1, deadline=DeadlineAfter(looks=2)).unfinished == 1
    assert len(repeats(account_id)) == 100
    assert balance(account_id) == -200 * 50_000
    assert audit(1).unfinished == 0
    assert {state for _, _, state in repeats(account_id)} == {"given_back"}
    assert balance(account_id) == -150 * 50_000


def test_the_day_file_is_sorted_and_leads_to_every_event(new_wallet: NewWallet) -> None:
    account_id = new_wallet()
    post([debit(number, account_id) for number in range(20)])
    audit(0)
    post([debit(number, account_id) for number in range(20, 40)])
    audit(1)
    records = list(archive.read(account_id, clock.day_of(TIME_MS)))
    assert records == sorted(records)
    shown = read_history(account_id, limit=100).transactions
    assert {transaction_id_of(record) for record in records} == {each.id for each in shown}
