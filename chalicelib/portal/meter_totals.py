"""What was used of each meter over some days. Pure."""

from collections.abc import Sequence

import msgspec

from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.portal.chart import color_of


class MeterTotal(msgspec.Struct, frozen=True):
    """A meter's total, with its colour in charts."""

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
    return [
        MeterTotal(meter, color_of(meter, order), used.quantity_micros, used.amount_micros, used.count)
        for meter, used in ((name, sums[name]) for name in names)
    ]
