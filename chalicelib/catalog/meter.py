"""Meters: the kinds of usage, with their prices by date. Pure."""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalog.errors import require
from chalicelib.clock import to_ms
from chalicelib.money import parse_micros


class Price(msgspec.Struct, frozen=True):
    """The unit price from a time on, and what one unit is."""

    from_ms: int
    unit_price_micros: int
    unit: str


class Meter(msgspec.Struct, frozen=True):
    """A kind of usage. `prices` are by currency, newest first; empty for a meter priced by its producers.

    A meter with `parts` counts receipts: each has lines of these meters and costs their sum.
    """

    name: str
    unit: str
    priced_by_producer: bool
    prices: dict[str, tuple[Price, ...]]
    parts: tuple[str, ...] = ()


class PriceEntry(msgspec.Struct, forbid_unknown_fields=True, rename={"start": "from"}):
    """A price as written in the file. `unit` is given if it was another one than the meter's is now."""

    start: Annotated[datetime, Meta(tz=True)]
    amounts: dict[str, str]
    unit: str | None = None


class MeterEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A meter as written in the file."""

    name: str
    unit: str
    priced_by_producer: bool = False
    prices: list[PriceEntry] = []
    parts: list[str] = []


def read_meter(name: str, meter: MeterEntry, currencies: Container[str]) -> Meter:
    """Return the meter of an entry. Raises InvalidCatalog."""
    given = (bool(meter.prices), meter.priced_by_producer, bool(meter.parts))
    require(given.count(True) == 1, f"{name}: give one of prices, priced_by_producer and parts")
    prices: dict[str, list[Price]] = {}
    for price in sorted(meter.prices, key=lambda price: price.start, reverse=True):
        for currency, amount in price.amounts.items():
            require(currency in currencies, f"{name}: {currency!r} is not among the currencies")
            priced = Price(to_ms(price.start), parse_micros(amount), price.unit or meter.unit)
            prices.setdefault(currency, []).append(priced)
    for currency, dated in prices.items():
        require(
            len({price.from_ms for price in dated}) == len(dated), f"{name}: two prices in {currency} from one moment"
        )
    return Meter(
        meter.name,
        meter.unit,
        meter.priced_by_producer,
        {currency: tuple(dated) for currency, dated in prices.items()},
        tuple(meter.parts),
    )


def check_parts(name: str, parts: list[str], meters: Mapping[str, MeterEntry]) -> None:
    """Check that a meter's parts are other meters, each with a price of its own. Raises InvalidCatalog."""
    require(len(set(parts)) == len(parts), f"{name}: a part is named twice")
    for part in parts:
        require(part in meters, f"{name}: its part {part!r} is not among the meters")
        require(not meters[part].parts, f"{name}: its part {part!r} has parts itself")
