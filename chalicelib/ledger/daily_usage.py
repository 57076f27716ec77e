"""Usage by day and meter: totals stored beside the pages, updated in the same commit. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import compress
from operator import attrgetter
from typing import Final

import msgspec

from chalicelib.clock import day_of
from chalicelib.ledger.posting import Content, Leg

DAY_MS = 24 * 60 * 60 * 1000

_lines: Final = attrgetter("lines")
_meter: Final = attrgetter("meter")
_quantity: Final = attrgetter("quantity_micros")
_amount: Final = attrgetter("amount_micros")


class Usage(msgspec.Struct):
    """One meter's usage: quantity in millionths of its unit, amount in micros, and number of transactions or lines."""

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


def sum_usage_by_day(times: Sequence[int], contents: Sequence[Content], legs: Sequence[Leg]) -> Days:
    """Sum one wallet's usage by the UTC day of the events. All three sequences are in time order.

    A receipt counts by its lines. A transaction without a meter, such as a payment, is not usage.
    """
    days: Days = {}
    start = 0
    while start < len(times):
        day_number = times[start] // DAY_MS
        stop = bisect_left(times, (day_number + 1) * DAY_MS, lo=start)
        meters = _by_meter(contents[start:stop], legs[start:stop])
        if meters:
            days[day_of(day_number * DAY_MS)] = meters
        start = stop
    return days


def add_days(days: Days, more: Days) -> None:
    """Add the usage of `more` to `days`."""
    for day, meters in more.items():
        for meter, usage in meters.items():
            days.setdefault(day, {}).setdefault(meter, Usage()).add(usage)


def _by_meter(contents: Sequence[Content], legs: Sequence[Leg]) -> dict[str, Usage]:
    if not any(map(_lines, legs)):
        return _plain_by_meter(contents, legs)
    meters: dict[str, Usage] = {}
    for content, leg in zip(contents, legs, strict=True):
        if leg.lines:
            for line in leg.lines:
                _add(meters, line.meter, line.quantity_micros, line.amount_micros)
        elif content.meter is not None:
            _add(meters, content.meter, content.quantity_micros, leg.amount_micros)
    return meters


def _plain_by_meter(contents: Sequence[Content], legs: Sequence[Leg]) -> dict[str, Usage]:
    """Sum legs without lines, one meter at a time: there are few meters, and each sum is one fast loop."""
    all_meters = list(map(_meter, contents))
    quantities, amounts = list(map(_quantity, contents)), list(map(_amount, legs))
    meters: dict[str, Usage] = {}
    for meter in set(all_meters) - {None}:
        chosen = [each == meter for each in all_meters]
        quantity = sum(filter(None, compress(quantities, chosen)))
        meters[meter] = Usage(quantity, sum(compress(amounts, chosen)), sum(chosen))
    return meters


def _add(meters: dict[str, Usage], meter: str, quantity_micros: int | None, amount_micros: int) -> None:
    usage = meters.get(meter)
    if usage is None:
        usage = meters[meter] = Usage()
    usage.quantity_micros += quantity_micros or 0
    usage.amount_micros += amount_micros
    usage.count += 1
