"""History as people read it: transactions, card payments, and a day's usage as one, merged into a newest-first list.

Each comes from a stream of its own, which is read only as far as a batch of the list needs it. A batch ends with the
place of its last entry, and the next one continues right below it. No AWS, no HTTP.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from chalicelib.clock import LAST_MS, day_of, to_ms
from chalicelib.cursor import InvalidCursor, read_base64, write_base64
from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.ledger.transaction import Transaction
from chalicelib.payments.payment import Payment
from chalicelib.payments.place import placed_ms
from chalicelib.typed import json_decoder

USAGE, CARD, WALLET, ABOVE = range(4)
"""The order of places of the same time. A day's usage stands at its midnight, below all else of the day; a mark may
stand above all entries of its time."""

SEQUENCE_DIGITS: Final = 15
LONGEST_TIE: Final = 60


class Place(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Where an entry stands; later ones are greater. `tie` is a transaction's sequence number or a payment's id."""

    time_ms: int
    rank: int
    tie: str

    def encode(self) -> str:
        """Write the place as an opaque cursor."""
        return write_base64(msgspec.json.encode(self))

    @property
    def below_sequence(self) -> int:
        """Return the sequence number below which all transactions of the same time are lower places."""
        if self.rank == WALLET:
            return int(self.tie)
        return 10**SEQUENCE_DIGITS if self.rank == ABOVE else 0

    @classmethod
    def decode(cls, cursor: str) -> "Place":
        """Read the cursor back. Raises InvalidCursor."""
        try:
            place = json_decoder(cls).decode(read_base64(cursor))
        except ValueError:
            raise InvalidCursor from None
        is_place = 0 <= place.time_ms <= LAST_MS and place.rank in range(USAGE, ABOVE + 1)
        if not is_place or len(place.tie) > LONGEST_TIE or (place.rank == WALLET and not place.tie.isdecimal()):
            raise InvalidCursor
        return place


class DayUsage(msgspec.Struct, frozen=True):
    """A day's usage by meter."""

    day: str
    usages: dict[str, Usage]


class Entry(msgspec.Struct, frozen=True):
    """One entry of a stream. Without content it is a mark: the stream has been read down to this place."""

    place: Place
    content: Transaction | Payment | DayUsage | None = None


class Batch(msgspec.Struct, frozen=True):
    """A part of the list. `next_place` is where the next one continues; None at the end."""

    entries: list[Entry]
    next_place: Place | None


def place_of_transaction(transaction: Transaction) -> Place:
    """Return the place of a transaction."""
    return Place(transaction.identity.occurred_at_ms, WALLET, f"{transaction.sequence:0{SEQUENCE_DIGITS}d}")


def place_of_payment(payment: Payment) -> Place:
    """Return the place of a card payment."""
    return Place(placed_ms(payment), CARD, payment.payment_id)


def place_of_day(day: str) -> Place:
    """Return the place of a day's usage."""
    return Place(to_ms(datetime.fromisoformat(day).replace(tzinfo=UTC)), USAGE, "")


def take_batch(streams: Iterable[Iterator[Entry]], *, singles: int, days: int, marks: int) -> Batch:
    """Merge streams, each newest first, into the next batch: so many single entries, or days with usage, at most.

    After so many marks a batch ends even if it is empty, because what it looks for is rare.
    """
    found: list[Entry] = []
    left = {True: days, False: singles}
    last: Place | None = None
    for entry in heapq.merge(*streams, key=_place, reverse=True):
        if entry.content is None:
            marks -= 1
            if marks < 0:
                return Batch(found, entry.place)
        elif min(left.values()) == 0:
            return Batch(found, last)
        else:
            found.append(entry)
            left[isinstance(entry.content, DayUsage)] -= 1
        last = entry.place
    return Batch(found, None)


def _place(entry: Entry) -> Place:
    return entry.place


class Day(msgspec.Struct, frozen=True):
    """One day: what stands singly, and its usage by meter with the total."""

    day: str
    singles: list[Transaction | Payment]
    usages: list[tuple[str, Usage]]
    spent_micros: int


def by_day(entries: Iterable[Entry], order: Sequence[str]) -> list[Day]:
    """Divide entries into their days; meters in the order of the catalog."""
    days: dict[str, tuple[list[Transaction | Payment], dict[str, Usage]]] = {}
    for entry in entries:
        singles, usages = days.setdefault(day_of(entry.place.time_ms), ([], {}))
        if isinstance(entry.content, DayUsage):
            usages |= entry.content.usages
        elif entry.content:
            singles.append(entry.content)
    return [Day(day, singles, _ordered(usages, order), _spent(usages)) for day, (singles, usages) in days.items()]


def _ordered(usages: Mapping[str, Usage], order: Sequence[str]) -> list[tuple[str, Usage]]:
    place = {meter: number for number, meter in enumerate(order)}
    return sorted(usages.items(), key=lambda each: (place.get(each[0], len(place)), each[0]))


def _spent(usages: Mapping[str, Usage]) -> int:
    return sum(usage.amount_micros for usage in usages.values())


def only_meters(days: Days, meters: Collection[str] | None) -> Days:
    """Return the days with only some meters; with all if `meters` is None."""
    if meters is None:
        return days
    kept = {day: {meter: usages[meter] for meter in usages if meter in meters} for day, usages in days.items()}
    return {day: usages for day, usages in kept.items() if usages}
