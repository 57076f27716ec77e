from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.cursor import InvalidCursor
from chalicelib.ledger.build import build
from chalicelib.ledger.page import SPAN_MS, Page
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.statement import Cursor, Filter, ReadPages, merge_pages
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.wallet import Wallet
from tests.build import TIME_MS, credit, debit
from tests.depth import examples

EVERYTHING = Filter()


def post_all(batches: Sequence[Sequence[Posting]]) -> list[Page]:
    """Return the pages of a wallet to which the batches were posted one after the other."""
    wallet, made = Wallet("acme", "usd"), []
    for batch in batches:
        for plan in build({"acme": wallet}, batch, TIME_MS):
            made += plan.pages
            wallet = plan.head
    return made


def reader(stored: Sequence[Page]) -> ReadPages:
    """Return what reads pages as the table does."""

    def read(before_key: str, count: int) -> list[Page]:
        below = [page for page in stored if page.key < before_key]
        return sorted(below, key=lambda page: page.key, reverse=True)[:count]

    return read


def read_through(stored: Sequence[Page], wanted: Filter, limit: int) -> list[Transaction]:
    """Read history answer by answer."""
    found: list[Transaction] = []
    cursor = None
    while True:
        answer = merge_pages(reader(stored), wanted, limit=limit, start=Cursor.decode(cursor) if cursor else None)
        assert len(answer.transactions) <= limit
        found += answer.transactions
        cursor = answer.next_cursor
        if cursor is None:
            return found


def newest_first(stored: Sequence[Page]) -> list[Transaction]:
    """Return what history must be: all transactions, sorted."""
    every = [each for page in stored for each in transactions_of(page)]
    return sorted(every, key=lambda each: (each.identity.occurred_at_ms, each.sequence), reverse=True)


# Batches of overlapping, late and out-of-order times, close enough together that pages interleave.
times = st.integers(0, 4 * SPAN_MS).map(lambda offset: TIME_MS + offset // 20_000 * 20_000)
batches = st.lists(st.lists(st.tuples(times, st.booleans(), st.booleans()), min_size=1, max_size=6), max_size=12)


def postings(drawn: Sequence[Sequence[tuple[int, bool, bool]]]) -> list[list[Posting]]:
    """Turn what was drawn into batches of postings with ids of their own."""
    numbered = iter(range(10_000))
    return [
        [
            credit(next(numbered), occurred_at_ms=moment)
            if is_credit
            else debit(next(numbered), occurred_at_ms=moment, meter="sms" if is_sms else "email")
            for moment, is_credit, is_sms in batch
        ]
        for batch in drawn
    ]


@settings(max_examples=examples(200))
@given(batches, st.integers(1, 7))
def test_history_is_strictly_newest_first_and_complete_whatever_the_pages_and_the_limit(
    drawn: list[list[tuple[int, bool, bool]]], limit: int
) -> None:
    stored = post_all(postings(drawn))
    assert read_through(stored, EVERYTHING, limit) == newest_first(stored)


@settings(max_examples=examples(200))
@given(
    batches, st.integers(1, 7), st.sampled_from(["credit", "debit", None]), st.sampled_from(["sms", None]), times, times
)
def test_a_filter_shows_exactly_what_it_says(
    drawn: list[list[tuple[int, bool, bool]]], limit: int, kind: str | None, meter: str | None, start: int, end: int
) -> None:
    stored = post_all(postings(drawn))
    wanted = Filter(type=kind, meter=meter, from_ms=start, to_ms=end)
    expected = [each for each in newest_first(stored) if wanted.matches(each) and each.identity.occurred_at_ms >= start]
    assert read_through(stored, wanted, limit) == expected


def test_a_cursor_stays_where_it_was_when_newer_transactions_come() -> None:
    before = [[debit(number) for number in range(10)]]
    first = merge_pages(reader(post_all(before)), EVERYTHING, limit=4, start=None)
    after = post_all([*before, [debit(number) for number in range(20, 25)]])
    second = merge_pages(reader(after), EVERYTHING, limit=4, start=Cursor.decode(first.next_cursor or ""))
    assert [each.identity.event_id for each in second.transactions] == [f"event-{number}" for number in (5, 4, 3, 2)]


def test_a_statement_reads_no_more_pages_than_it_needs() -> None:
    stored = post_all([[debit(batch * 1000 + number) for number in range(100)] for batch in range(50)])
    asked: list[int] = []

    def counting(before_key: str, count: int) -> list[Page]:
        asked.append(count)
        return reader(stored)(before_key, count)

    assert len(merge_pages(counting, EVERYTHING, limit=50, start=None).transactions) == 50
    assert asked == [2]


@pytest.mark.parametrize("wanted", [Filter(meter="fax"), Filter(client="quiet")])
def test_a_narrow_filter_over_a_long_history_answers_early_with_a_cursor(wanted: Filter) -> None:
    noisy = [
        [debit(batch * 1000 + number, description=f"{(batch * 100 + number) ** 99:x}"[:400]) for number in range(100)]
        for batch in range(300)
    ]
    answer = merge_pages(reader(post_all(noisy)), wanted, limit=10, start=None)
    assert answer.transactions == []
    assert answer.next_cursor is not None
    assert read_through(post_all(noisy), wanted, 10) == []


@pytest.mark.parametrize("text", ["", "x", "W10", "eyJhIjoxfQ", "ÄÖ", "WzEsMl0"])
def test_a_cursor_that_was_not_handed_out_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursor.decode(text)
