"""The history as one list: its order, its batches, and its days. Pure."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.clock import DAY_MS, day_of
from chalicelib.cursor import InvalidCursor
from chalicelib.ledger.build import build
from chalicelib.ledger.daily_usage import Usage
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.wallet import Wallet
from chalicelib.payments.place import LATEST_MS, placed_ms
from chalicelib.portal.csv_files import CsvFile, divide
from chalicelib.portal.timeline import (
    ABOVE,
    WALLET,
    Batch,
    DayUsage,
    Entry,
    Place,
    by_day,
    only_meters,
    place_of_day,
    place_of_payment,
    place_of_transaction,
    take_batch,
)
from tests.build import TIME_MS, credit
from tests.depth import examples
from tests.payments.build import payment

USD = 1_000_000
MIDNIGHT = TIME_MS // DAY_MS * DAY_MS


def usage(micros: int, count: int = 1) -> Usage:
    return Usage(count * USD, micros, count)


def day_entry(days: int) -> Entry:
    """Return the usage of a day, so many days after the first."""
    day = day_of(MIDNIGHT + days * DAY_MS)
    return Entry(place_of_day(day), DayUsage(day, {"sms": usage(USD)}))


def card_entry(time_ms: int) -> Entry:
    made = payment(payment_id=f"pay_{time_ms:012x}{0:020x}", kind="subscription", created_at_ms=time_ms)
    return Entry(place_of_payment(made), made)


def transactions(*times: int) -> list[Transaction]:
    postings = [credit(number, occurred_at_ms=time_ms) for number, time_ms in enumerate(times)]
    plans = build({"acme": Wallet("acme", "usd")}, postings, TIME_MS) if postings else []
    return [each for plan in plans for page in plan.pages for each in transactions_of(page)]


def newest_first(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda each: each.place, reverse=True)


def read_through(streams: Sequence[Sequence[Entry]], *, singles: int, days: int, marks: int) -> list[Batch]:
    """Read batch by batch, as the pages of the portal do: each stream begins below the place again."""
    found: list[Batch] = []
    below: Place | None = None
    while True:
        left: list[Iterator[Entry]] = [
            iter([each for each in stream if below is None or each.place < below]) for stream in streams
        ]
        batch = take_batch(left, singles=singles, days=days, marks=marks)
        assert batch.next_place is None or below is None or batch.next_place < below
        found.append(batch)
        below = Place.decode(batch.next_place.encode()) if batch.next_place else None
        if below is None:
            return found


offsets = some.lists(
    some.integers(0, 5 * DAY_MS).map(lambda offset: offset // (DAY_MS // 4) * (DAY_MS // 4)), max_size=9
)
"""Times on midnights and between them, many of them the same."""


@settings(max_examples=examples(300))
@given(offsets, offsets, some.sets(some.integers(0, 5)), offsets, some.integers(1, 4), some.integers(1, 3))
def test_batch_by_batch_each_entry_is_listed_once_newest_first(
    credited: list[int], paid: list[int], used: set[int], marked: list[int], singles: int, days: int
) -> None:
    wallet = [Entry(place_of_transaction(each), each) for each in transactions(*(MIDNIGHT + ms for ms in credited))]
    cards = [card_entry(MIDNIGHT + ms) for ms in set(paid)]
    usages = [day_entry(each) for each in used]
    marks = [Entry(Place(MIDNIGHT + ms, ABOVE, "")) for ms in set(marked)]
    streams = [newest_first(wallet), newest_first(cards + marks), newest_first(usages)]
    batches = read_through(streams, singles=singles, days=days, marks=2)
    assert [each for batch in batches for each in batch.entries] == newest_first(wallet + cards + usages)
    for batch in batches:
        assert sum(isinstance(each.content, DayUsage) for each in batch.entries) <= days
        assert sum(not isinstance(each.content, DayUsage) for each in batch.entries) <= singles
    assert batches[-1].next_place is None


def test_there_is_no_way_on_where_nothing_is_left() -> None:
    entries = [day_entry(1), day_entry(0)]
    assert take_batch([iter(entries)], singles=1, days=2, marks=0).next_place is None
    assert take_batch([iter(entries)], singles=1, days=1, marks=0).next_place == entries[0].place


def test_a_batch_without_anything_ends_after_some_marks_and_goes_on_there() -> None:
    stream = [Entry(place_of_day(day_of(MIDNIGHT - number * DAY_MS))) for number in range(9)]
    assert take_batch([iter(stream)], singles=1, days=1, marks=3) == Batch([], stream[3].place)


def test_a_days_usage_stands_below_all_else_of_the_day() -> None:
    (credited,) = transactions(MIDNIGHT)
    entries = [day_entry(0), card_entry(MIDNIGHT), Entry(place_of_transaction(credited), credited)]
    assert [each.content for each in newest_first(entries)] == [each.content for each in reversed(entries)]


def test_days_have_what_stands_singly_and_the_usage_in_the_catalogs_order_with_its_total_alone() -> None:
    day = day_of(MIDNIGHT)
    used = DayUsage(day, {"old": usage(2), "email": usage(3), "sms": usage(USD)})
    entries = [card_entry(MIDNIGHT + DAY_MS), card_entry(MIDNIGHT + 5), Entry(place_of_day(day), used)]
    later, earlier = by_day(entries, ["sms", "email"])
    assert (later.day, later.usages, later.spent_micros) == (day_of(MIDNIGHT + DAY_MS), [], 0)
    assert (len(earlier.singles), [meter for meter, _ in earlier.usages]) == (1, ["sms", "email", "old"])
    assert earlier.spent_micros == USD + 5


def test_a_payment_stands_where_it_was_made_and_at_most_a_while_after_the_time_in_its_id() -> None:
    renewed_late = payment(payment_id=f"pay_{TIME_MS:012x}{0:020x}", created_at_ms=TIME_MS + 3 * DAY_MS)
    assert placed_ms(renewed_late) == TIME_MS + 3 * DAY_MS
    held = payment(payment_id=f"pay_{TIME_MS:012x}{0:020x}", created_at_ms=TIME_MS + 2 * LATEST_MS)
    assert placed_ms(held) == TIME_MS + LATEST_MS


NOWHERE = (
    Place(-1, 0, ""),
    Place(10**18, 0, ""),
    Place(1, 9, ""),
    Place(1, 1, "p" * 61),
    Place(1, WALLET, ""),
    Place(1, WALLET, "x"),
)


@pytest.mark.parametrize(
    "cursor",
    ["", "~", "x" * 300, *(place.encode() for place in NOWHERE)],
)
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        Place.decode(cursor)


def test_only_some_meters_of_days() -> None:
    days = {"2026-11-01": {"sms": usage(1), "email": usage(2)}, "2026-11-02": {"email": usage(3)}}
    assert only_meters(days, {"sms"}) == {"2026-11-01": {"sms": usage(1)}}
    assert only_meters(days, None) is days


def test_files_have_whole_days_leave_none_out_and_say_which_may_be_too_long() -> None:
    days = {"2026-11-01": {"sms": usage(1, 6)}, "2026-11-05": {"sms": usage(1, 4)}, "2026-11-09": {"sms": usage(1, 11)}}
    assert divide(days, "2026-10-01", "2026-11-24", most=10) == [
        CsvFile("2026-10-01", "2026-11-05", 10, is_whole=True),
        CsvFile("2026-11-06", "2026-11-24", 11, is_whole=False),
    ]
    assert divide({}, "2026-11-01", "2026-11-02", most=10)[0].rows == 0
