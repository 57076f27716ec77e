"""A chart of spending by meter, and by day or month, as coordinates of stacked bars. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal
from zlib import crc32

import msgspec

from chalicelib.ledger.daily_usage import Days

SLOT: Final = 100
"""How wide each bar's place is. Coordinates are whole numbers, and short: a page has hundreds of them."""

BASE: Final = 400
TOP: Final = 8
LEAST: Final = 2
"""How high a bar is at least, so that it can be seen."""

NAMED: Final = 5
SEEN: Final = 20
"""Up to so many bars, names at unequal distances can be seen to be so: only the first and the last are named."""

COLORS: Final = 12
"""Colours that the style sheet has."""

TOPS: Final = (2, 3, 4, 6, 8, 10, 20)
"""The highest line, and by ten as often as needed: half of it is round, too."""

Step = Literal["day", "month"]
LENGTHS: Final[dict[Step, int]] = {"day": len("2026-11-23"), "month": len("2026-11")}


class Series(msgspec.Struct, frozen=True):
    """A meter's part of all bars, as the path of an SVG, with its total."""

    meter: str
    color: int
    total_micros: int
    path: str


class Slot(msgspec.Struct, frozen=True):
    """The place of one bar: its day or the first day of its month, the micros of each meter, and their sum."""

    day: str
    path: str
    amounts: list[int]
    total_micros: int


class Chart(msgspec.Struct, frozen=True):
    """All that is drawn, and the same as values, the oldest first.

    `scale` holds the micros that are shown beside the chart from the top down, `named_days` the days below it.
    """

    step: Step
    series: list[Series]
    slots: list[Slot]
    lines: list[int]
    scale: list[int]
    named_days: list[str]
    total_micros: int

    @property
    def width(self) -> int:
        """Return how wide all places are together."""
        return SLOT * len(self.slots)

    @property
    def totals(self) -> list[int]:
        """Return the micros of each bar."""
        return [slot.total_micros for slot in self.slots]

    @property
    def rows(self) -> list[tuple[int, Slot]]:
        """Return the bars that are not empty, the newest first, each with its place."""
        return [(place, slot) for place, slot in reversed([*enumerate(self.slots)]) if slot.total_micros]


def days_between(first: str, last: str) -> list[str]:
    """Return all days from `first` to `last`, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=number)).isoformat() for number in range((end - start).days + 1)]


def color_of(meter: str, order: Sequence[str]) -> int:
    """Return a meter's colour, by its place in the catalog, whatever is shown; by its name if it is not there."""
    return (order.index(meter) if meter in order else crc32(meter.encode())) % COLORS


def build(days: Days, first: str, last: str, order: Sequence[str], step: Step = "day") -> Chart:
    """Build the chart of a span of days from usage that cost anything; meters in the given order, then all others."""
    length = LENGTHS[step]
    span = list(dict.fromkeys(day[:length] for day in days_between(first, last)))
    found = {meter for usages in days.values() for meter, usage in usages.items() if usage.amount_micros}
    meters = [meter for meter in order if meter in found] + sorted(found - set(order))
    table = _table(days, span, meters, length)
    top = _round_up(max(map(sum, table), default=0))
    paths = _paths(table, top, len(meters))
    return Chart(
        step=step,
        series=[
            Series(meter, color_of(meter, order), sum(amounts[place] for amounts in table), paths[place])
            for place, meter in enumerate(meters)
        ],
        slots=[
            Slot(_first_day(key), _box(number * SLOT, 0, SLOT, BASE), row, sum(row))
            for number, (key, row) in enumerate(zip(span, table, strict=True))
        ],
        lines=[TOP, (BASE + TOP) // 2, BASE],
        scale=[top, top // 2, 0],
        named_days=[_first_day(key) for key in _named(span)],
        total_micros=sum(map(sum, table)),
    )


def _first_day(key: str) -> str:
    return key if len(key) == LENGTHS["day"] else f"{key}-01"


def _table(days: Days, span: Sequence[str], meters: Sequence[str], length: int) -> list[list[int]]:
    """Return the micros of each meter, for each place of the span."""
    place_of_meter = {meter: place for place, meter in enumerate(meters)}
    table = {key: [0] * len(meters) for key in span}
    for day, usages in days.items():
        for meter, usage in usages.items():
            if usage.amount_micros and day[:length] in table:
                table[day[:length]][place_of_meter[meter]] += usage.amount_micros
    return list(table.values())


def _round_up(micros: int) -> int:
    """Return the next round number, for the highest line."""
    scale = 1
    while micros > scale * TOPS[-1]:
        scale *= 10
    return next(top * scale for top in TOPS if top * scale >= micros) if micros else 0


def _paths(table: Sequence[Sequence[int]], top: int, meters: int) -> list[str]:
    """Return the bars of each meter, stacked. Few bars are not wider than one of 25 of all."""
    width = min(72, 4 * len(table))
    boxes: list[list[str]] = [[] for _ in range(meters)]
    for number, amounts in enumerate(table):
        x, below, foot = number * SLOT + (SLOT - width) // 2, float(BASE), BASE
        for place, amount in enumerate(amounts):
            if amount:
                below = max(0.0, below - max(LEAST, (BASE - TOP) * amount / top))
                head = round(below)
                boxes[place].append(_box(x, head, width, foot - head))
                foot = head
    return ["".join(each) for each in boxes]


def _box(x: int, y: int, width: int, height: int) -> str:
    return f"M{x} {y}h{width}v{height}h-{width}z"


def _named(span: Sequence[str]) -> list[str]:
    """Return a few places from the first to the last, at equal distances where that is possible."""
    last = len(span) - 1
    even = next((steps for steps in range(min(NAMED, len(span)) - 1, 1, -1) if last % steps == 0), None)
    steps = even or (NAMED - 1 if last > SEEN else min(1, last))
    return [span[round(place * last / max(1, steps))] for place in range(steps + 1)]
