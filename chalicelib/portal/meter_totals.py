"""What was used of each meter over some days. Pure."""

from collections.abc import Sequence
from typing import Final

import msgspec

from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.money import MICROS, round_half_up
from chalicelib.portal.chart import color_of

HUNDREDTH: Final = MICROS // 100


class MeterTotal(msgspec.Struct, frozen=True):
    """A meter's total, with its colour in charts. The quantity is rounded to hundredths, as far as it is that large."""

    meter: str
    color: int
    quantity_micros: int
    amount_micros: int
    count: int


def meter_totals(days: Days, order: Sequence[str]) -> list[MeterTotal]:
    """Add up each meter; what cost most comes first, then what comes first in the catalog."""
    sums: dict[str, Usage] = {}
    for meters in days.values():
        for meter, usage in meters.items():
            sums.setdefault(meter, Usage()).add(usage)
    place = {meter: number for number, meter in enumerate(order)}
    names = sorted(sums, key=lambda meter: (-sums[meter].amount_micros, place.get(meter, len(place)), meter))
    return [_total(meter, sums[meter], color_of(meter, order)) for meter in names]


def _total(meter: str, usage: Usage, color: int) -> MeterTotal:
    quantity = usage.quantity_micros
    if quantity >= HUNDREDTH:
        quantity = round_half_up(quantity, HUNDREDTH) * HUNDREDTH
    return MeterTotal(meter, color, quantity, usage.amount_micros, usage.count)
