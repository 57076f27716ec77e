"""A chart of spending by day and meter, as coordinates of stacked bars. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from chalicelib.ledger.daily_usage import Days

WIDTH: Final = 1000
BASE: Final = 200
TOP: Final = 4
NAMED_DAYS: Final = 5
COLORS: Final = 8
"""Colours that the style sheet has; with more meters, the last ones share one."""

STEPS: Final = (1, 2, 5)


class Bar(msgspec.Struct, frozen=True):
    """A meter's part of a day, in the chart's own units."""

    x: float
    y: float
    width: float
    height: float
    color: int


class Chart(msgspec.Struct, frozen=True):
    """All that is drawn, and the same as a table: the days with spending, the meters, and the totals.

    `scale` holds the micros that are shown beside the chart from the top down, `named_days` the days below it.
    """

    bars: list[Bar]
    lines: list[float]
    scale: list[int]
    named_days: list[str]
    meters: list[str]
    rows: list[tuple[str, list[int], int]]
    meter_totals: list[int]
    total_micros: int


def days_between(first: str, last: str) -> list[str]:
    """Return all days from `first` to `last`, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=number)).isoformat() for number in range((end - start).days + 1)]


def build(days: Days, first: str, last: str, order: Sequence[str]) -> Chart:
    """Build the chart of a span of days from usage that cost anything; meters in the given order, then all others."""
    span = days_between(first, last)
    found = {meter for usages in days.values() for meter, usage in usages.items() if usage.amount_micros}
    meters = [meter for meter in order if meter in found] + sorted(found - set(order))
    table = [(day, [_amount(days, day, meter) for meter in meters]) for day in span]
    top = _round_up(max((sum(amounts) for _, amounts in table), default=0))
    return Chart(
        bars=[bar for number, (_, amounts) in enumerate(table) for bar in _stack(amounts, number, len(span), top)],
        lines=[float(TOP), (BASE + TOP) / 2, float(BASE)],
        scale=[top, top // 2, 0],
        named_days=_named(span),
        meters=meters,
        rows=[(day, amounts, sum(amounts)) for day, amounts in reversed(table) if any(amounts)],
        meter_totals=[sum(amounts[place] for _, amounts in table) for place in range(len(meters))],
        total_micros=sum(sum(amounts) for _, amounts in table),
    )


def _amount(days: Days, day: str, meter: str) -> int:
    usage = days.get(day, {}).get(meter)
    return usage.amount_micros if usage else 0


def _round_up(micros: int) -> int:
    """Return the next round number, for the highest line; even, so that half of it is round, too."""
    scale = 2
    while micros:
        for step in STEPS:
            if step * scale >= micros:
                return step * scale
        scale *= 10
    return 0


def _stack(amounts: list[int], number: int, count: int, top: int) -> list[Bar]:
    """Return a day's bars, from the bottom up; each is at least as high as a line, so that it can be seen."""
    slot = WIDTH / count
    width = max(1.0, min(slot * 0.72, 40))
    x, below, bars = number * slot + (slot - width) / 2, float(BASE), []
    for place, amount in enumerate(amounts):
        if amount:
            height = max(1.0, (BASE - TOP) * amount / top)
            below -= height
            bars.append(Bar(round(x, 1), round(below, 1), round(width, 1), round(height, 1), min(place, COLORS - 1)))
    return bars


def _named(span: list[str]) -> list[str]:
    """Return a few days at equal distances, from the first to the last."""
    count = min(NAMED_DAYS, len(span))
    return [span[round(place * (len(span) - 1) / max(1, count - 1))] for place in range(count)]
