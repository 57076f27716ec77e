"""History as people read it: by day, with single transactions, and usage as one row per meter. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from chalicelib.history.view import TransactionView
from chalicelib.ledger.daily_usage import Days, Usage

DAY_CHARACTERS: Final = 10


class Day(msgspec.Struct, frozen=True):
    """One day. `spent_micros` is the total of its usage."""

    day: str
    singles: list[TransactionView]
    usages: list[tuple[str, Usage]]
    spent_micros: int


class Part(msgspec.Struct, frozen=True):
    """A span of days that one CSV file holds. `is_whole` is False for a day that may have more rows than a file."""

    first: str
    last: str
    rows: int
    is_whole: bool


def timeline(days: Days, singles: Iterable[TransactionView], order: Sequence[str]) -> list[Day]:
    """Put usage and single transactions together, the newest day first; meters in the order of the catalog."""
    by_day: dict[str, list[TransactionView]] = {}
    for single in singles:
        by_day.setdefault(single.occurred_at[:DAY_CHARACTERS], []).append(single)
    return [
        Day(day, by_day.get(day, []), _ordered(usages := days.get(day, {}), order), _spent(usages))
        for day in sorted(days.keys() | by_day.keys(), reverse=True)
    ]


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


def parts(days: Days, first: str, last: str, most: int) -> list[Part]:
    """Split a span into parts of whole days that hold at most `most` rows each, the oldest first."""
    found: list[Part] = []
    start, rows, before = first, 0, first
    for day in sorted(days):
        count = sum(usage.count for usage in days[day].values())
        if rows and rows + count > most:
            found.append(Part(start, before, rows, rows <= most))
            start, rows = day, 0
        rows += count
        before = day
    return [*found, Part(start, last, rows, rows <= most)]
