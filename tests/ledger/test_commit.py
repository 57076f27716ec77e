import pytest

from chalicelib.ledger import commit
from chalicelib.ledger import page as pages
from chalicelib.ledger.commit import MAXIMUM_ITEMS, plan, sort_out, windows
from chalicelib.ledger.page import SPAN_MS
from chalicelib.ledger.wallet import Wallet
from tests.build import TIME_MS, credit, debit

WALLET = Wallet("acme", "usd")


def test_new_entries_are_fresh_in_posting_order() -> None:
    found = sort_out([debit(3), debit(1), debit(2)], [])
    assert found.fresh == [debit(1), debit(2), debit(3)]
    assert not found.repeats
    assert not found.conflicts


def test_the_same_entry_twice_in_a_batch_is_posted_once() -> None:
    found = sort_out([debit(1), debit(1)], [])
    assert found.fresh == [debit(1)]
    assert found.repeats == [debit(1)]


def test_what_was_posted_is_a_repeat_whatever_it_was_priced_at() -> None:
    posted = pages.build(WALLET, [debit(1), debit(2)], TIME_MS)
    repriced = debit(1, unit_price_micros=60_000, amount_micros=60_000)
    found = sort_out([repriced, debit(3)], posted)
    assert found.fresh == [debit(3)]
    assert found.repeats == [repriced]


@pytest.mark.parametrize(
    "other",
    [
        {"quantity_micros": 2_000_000},
        {"meter": "email"},
        {"url": "https://elsewhere.example"},
        {"description": "else"},
        {"occurred_at_ms": TIME_MS + 1001},
        {"metadata": {"a": "b"}},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict_in_a_batch_and_against_a_page(other: dict[str, object]) -> None:
    changed = debit(1, **other)
    assert sort_out([debit(1), changed], []).conflicts == [changed]
    found = sort_out([changed], pages.build(WALLET, [debit(1)], TIME_MS))
    assert found.conflicts == [changed]
    assert not found.fresh


def test_an_amount_that_was_sent_is_content_where_no_quantity_was() -> None:
    sent = debit(1, quantity_micros=None, unit_price_micros=None)
    changed = debit(1, quantity_micros=None, unit_price_micros=None, amount_micros=1)
    assert sort_out([sent, changed], []).conflicts == [changed]
    assert sort_out([credit(1), credit(1, amount_micros=1)], []).conflicts == [credit(1, amount_micros=1)]


def test_the_same_id_from_another_source_is_another_event() -> None:
    assert len(sort_out([debit(1), debit(1, source="/voice")], []).fresh) == 2


def test_pages_are_looked_for_only_around_the_events_times() -> None:
    hour = 60 * 60 * 1000
    entries = [debit(1, occurred_at_ms=TIME_MS + offset) for offset in (0, 1000, SPAN_MS, hour)]
    assert windows(entries) == [(TIME_MS, TIME_MS + 2 * SPAN_MS), (TIME_MS + hour, TIME_MS + hour + SPAN_MS)]


def test_a_batch_over_many_days_does_not_fit_and_its_halves_do() -> None:
    day = 24 * 60 * 60 * 1000
    entries = [debit(number, occurred_at_ms=TIME_MS + number * day) for number in range(60)]
    whole = plan(WALLET, entries, TIME_MS)
    assert whole.items > MAXIMUM_ITEMS
    assert not commit.fits([whole])
    assert not commit.may_fit({"acme": entries})
    assert commit.may_fit({"acme": entries[:40]})
    lower, upper = commit.halves({"acme": entries})
    assert lower["acme"] + upper["acme"] == entries
    assert commit.fits([plan(WALLET, lower["acme"], TIME_MS)])


def test_halving_keeps_the_entries_of_one_event_together_in_both_wallets() -> None:
    client, workspace = [debit(n) for n in range(5)], [debit(n, amount_micros=1) for n in range(3, 5)]
    for half in commit.halves({"client": client, "workspace": workspace}):
        ids = {account: {entry.event_id for entry in entries} for account, entries in half.items()}
        assert ids.get("workspace", set()) == ids.get("client", set()) & {"event-3", "event-4"}


def test_a_plan_adds_up_the_days_by_the_events_own_time_in_utc() -> None:
    midnight = TIME_MS - TIME_MS % (24 * 60 * 60 * 1000)
    entries = [
        debit(1, occurred_at_ms=midnight - 1),
        debit(2, occurred_at_ms=midnight),
        debit(3, occurred_at_ms=midnight + 1),
    ]
    days = plan(WALLET, entries, TIME_MS).days
    assert [(day, usage["sms"].count, usage["sms"].amount_micros) for day, usage in sorted(days.items())] == [
        ("2026-09-20", 1, 50_000),
        ("2026-09-21", 2, 100_000),
    ]
