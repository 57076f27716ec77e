"""Read the streams of the history: the wallet's transactions, card payments, and days with usage; side by side."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import chain
from typing import Final

import msgspec

from chalicelib.clock import DAY_MS, day_of
from chalicelib.ledger.statement import Filter, examine_history, start_below
from chalicelib.ledger.table import read_newest_days
from chalicelib.payments.newest_of_kind import read_portions
from chalicelib.payments.place import placed_ms
from chalicelib.portal.timeline import (
    ABOVE,
    Batch,
    DayUsage,
    Entry,
    Place,
    only_meters,
    place_of_day,
    place_of_payment,
    place_of_transaction,
    take_batch,
)
from chalicelib.threads import side_by_side

SINGLES: Final = 50
DAYS: Final = 14
FIRST_READ: Final = 31
LONGEST_READ: Final = 366
MARKS: Final = 20
"""How much is looked through for one batch of what is rare: so many reads of days or payments, or thousands of
transactions."""

EXAMINED: Final = 500
"""Transactions between two marks."""

FIRST_DAY: Final = "0000-00-00"


class Wanted(msgspec.Struct, frozen=True):
    """What a batch of the history holds, from where on. None for a stream that is left out.

    `meters` are those whose usage is shown; None for all. `first` and `last` are the days of the filter.
    """

    singles: Filter | None
    has_usage: bool
    meters: Collection[str] | None
    has_card_payments: bool
    first: str | None
    last: str
    below: Place | None


def read_timeline(account_id: str, wanted: Wanted) -> Batch:
    """Read a batch. The first read of each stream is made at the same time."""
    streams: list[Iterator[Entry]] = []
    if wanted.has_usage:
        streams.append(_usage(account_id, wanted))
    if wanted.singles:
        streams.append(_transactions(account_id, wanted.singles, wanted.below))
    if wanted.has_card_payments:
        streams.append(_below(card_payments(account_id, *_span(wanted)), wanted.below))
    begun = side_by_side(*(partial(_begin, each) for each in streams)) if streams else ()
    return take_batch(begun, singles=SINGLES, days=DAYS, marks=MARKS)


def _begin(stream: Iterator[Entry]) -> Iterator[Entry]:
    """Read the first entry, and with it what the stream reads at once."""
    return chain([each for each in [next(stream, None)] if each], stream)


def _below(stream: Iterator[Entry], place: Place | None) -> Iterator[Entry]:
    return (each for each in stream if place is None or each.place < place)


def _transactions(account_id: str, wanted: Filter, below: Place | None) -> Iterator[Entry]:
    start = start_below(below.time_ms, below.below_sequence) if below else None
    for number, each in enumerate(examine_history(account_id, wanted, start=start), start=1):
        place = place_of_transaction(each)
        if wanted.matches(each):
            yield Entry(place, each)
        if number % EXAMINED == 0:
            yield Entry(place)


def _usage(account_id: str, wanted: Wanted) -> Iterator[Entry]:
    """Yield the days with usage, with a mark after each read."""
    first = wanted.first or FIRST_DAY
    last = min(wanted.last, day_of(wanted.below.time_ms)) if wanted.below else wanted.last
    limit = FIRST_READ
    while first <= last:
        days, may_have_more = read_newest_days(account_id, first, last, limit)
        kept = only_meters(days, wanted.meters)
        yield from _below((Entry(place_of_day(day), DayUsage(day, kept[day])) for day in kept), wanted.below)
        if not may_have_more:
            return
        oldest, limit = min(days), min(limit * 4, LONGEST_READ)
        yield Entry(place_of_day(oldest))
        last = (date.fromisoformat(oldest) - timedelta(days=1)).isoformat()


def _span(wanted: Wanted) -> tuple[int, int]:
    """Return the times between which card payments are wanted, both included."""
    from_ms = place_of_day(wanted.first).time_ms if wanted.first else 0
    to_ms = place_of_day(wanted.last).time_ms + DAY_MS - 1
    return from_ms, min(to_ms, wanted.below.time_ms) if wanted.below else to_ms


def card_payments(account_id: str, from_ms: int, to_ms: int) -> Iterator[Entry]:
    """Yield the payments of the subscription by time, newest first, with a mark after each read.

    They are read by id, which may be older than the payment: one is held back until no other can stand above it.
    """
    waiting: list[Entry] = []
    for portion in read_portions(account_id, "subscription", from_ms=from_ms, to_ms=to_ms):
        found = [each for each in portion.payments if from_ms <= placed_ms(each) <= to_ms]
        waiting = sorted(waiting + [Entry(place_of_payment(each), each) for each in found], key=lambda each: each.place)
        mark = Place(-1 if portion.unread_ms is None else portion.unread_ms, ABOVE, "")
        while waiting and waiting[-1].place > mark:
            yield waiting.pop()
        if from_ms <= mark.time_ms <= to_ms:
            yield Entry(mark)
