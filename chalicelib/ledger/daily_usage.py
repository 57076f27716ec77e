"""Usage by day and meter: totals kept beside the pages, moved in the same commit. Pure."""

from collections.abc import Iterable

import msgspec

from chalicelib.clock import day_of
from chalicelib.ledger.transaction import Entry

DAY_MS = 24 * 60 * 60 * 1000


class Usage(msgspec.Struct):
    """What one meter used: millionths of its unit, micros, and how many transactions."""

    quantity_micros: int = 0
    amount_micros: int = 0
    count: int = 0

    def add(self, other: "Usage") -> None:
        """Add another total to this one."""
        self.quantity_micros += other.quantity_micros
        self.amount_micros += other.amount_micros
        self.count += other.count


Days = dict[str, dict[str, Usage]]
"""Usage by day (`2026-11-23`, UTC) and meter."""


def totals(entries: Iterable[Entry]) -> Days:
    """Add up the entries that have a meter, by the day of their own time."""
    by_day_number: dict[tuple[int, str], Usage] = {}
    for entry in entries:
        if entry.meter is None:
            continue
        key = (entry.occurred_at_ms // DAY_MS, entry.meter)
        usage = by_day_number.get(key)
        if usage is None:
            usage = by_day_number[key] = Usage()
        usage.quantity_micros += entry.quantity_micros or 0
        usage.amount_micros += entry.amount_micros
        usage.count += 1
    days: Days = {}
    for (day_number, meter), usage in by_day_number.items():
        days.setdefault(day_of(day_number * DAY_MS), {})[meter] = usage
    return days
