"""What a meter costs a workspace and its client at a time, and from when it changes. Pure."""

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.meter import Meter, Price
from chalicelib.money import MICROS
from chalicelib.pricing.client_price import AT_COST, ClientPrice, unit_price_for_client
from chalicelib.pricing.cost import price_at
from chalicelib.pricing.rebilling import ALL_METERS, Level, find_setting
from chalicelib.pricing.tariff import Tariff

LevelOrNone = Level | Literal["none"]


class MeterPrice(msgspec.Struct, frozen=True):
    """What one of a meter costs a workspace and its client from a time on.

    `chosen` is the setting, also if it is void because it is for another unit. A meter that is priced by its producer
    has no unit prices.
    """

    from_ms: int
    level: LevelOrNone
    chosen: ClientPrice
    unit: str
    cost_micros: int | None
    price_micros: int | None

    @property
    def is_void(self) -> bool:
        """Tell whether the setting is a price for what the meter no longer is, so that the client pays the cost."""
        return self.chosen.is_void(self.unit) or (self.chosen.state == "price" and self.cost_micros is None)

    @property
    def valid(self) -> ClientPrice:
        """Return what is valid: the setting, unless it is void."""
        return AT_COST if self.is_void else self.chosen

    @property
    def margin_micros(self) -> int | None:
        """Return what the workspace keeps of one unit, which may be negative; None without unit prices."""
        if self.cost_micros is None or self.price_micros is None:
            return None
        return self.price_micros - self.cost_micros

    @property
    def is_below_cost(self) -> bool:
        """Tell whether the client pays something, but less than the cost. Absorbing a meter is a choice by itself."""
        if self.valid.state == "absorbed":
            return False
        if self.margin_micros is None:
            return (self.valid.markup_micros or MICROS) < MICROS
        return self.margin_micros < 0

    @property
    def earns(self) -> bool:
        """Tell whether the client pays more than the cost."""
        if self.margin_micros is None:
            return (self.valid.markup_micros or 0) > MICROS
        return self.margin_micros > 0


Timeline = tuple[MeterPrice, ...]
"""What a meter costs at a time, and after each change that is planned: of a setting, or of the catalog's price."""


def is_sold(meter: Meter, currency: str) -> bool:
    """Tell whether a meter can be set: it is sold in the currency, and not only a receipt of other meters."""
    return meter.priced_by_producer or currency in meter.prices


def price_or_first(meter: Meter, currency: str, time_ms: int) -> Price | None:
    """Return a meter's price at a time, or its first one if that is later; None if its producer prices it."""
    prices = meter.prices.get(currency)
    return (price_at(prices, time_ms) or prices[-1]) if prices else None


def timelines(tariff: Tariff, catalog: Catalog, time_ms: int) -> dict[str, Timeline]:
    """Return the timelines of all meters that are sold in a client's currency, from a time on."""
    return {
        name: _timeline(tariff, name, meter, time_ms)
        for name, meter in catalog.meters.items()
        if is_sold(meter, tariff.currency)
    }


def _timeline(tariff: Tariff, name: str, meter: Meter, time_ms: int) -> Timeline:
    found: list[MeterPrice] = []
    changes = _changes(tariff, name, meter.prices.get(tariff.currency, ()))
    for moment_ms in (time_ms, *sorted(change for change in changes if change > time_ms)):
        price = _meter_price(tariff, name, meter, moment_ms)
        if not found or replace(price, from_ms=found[-1].from_ms) != found[-1]:
            found.append(price)
    return tuple(found)


def _changes(tariff: Tariff, name: str, prices: Iterable[Price]) -> set[int]:
    """Return all times at which a meter's cost or setting may change."""
    places = [of.prices.get(key, ()) for of in (tariff.rebilling, tariff.defaults) for key in (name, ALL_METERS)]
    return {*(each.from_ms for dated in places for each in dated), *(price.from_ms for price in prices)}


def _meter_price(tariff: Tariff, name: str, meter: Meter, time_ms: int) -> MeterPrice:
    setting = find_setting(tariff.rebilling, tariff.defaults, name, time_ms)
    chosen = setting.price if setting else AT_COST
    priced = price_or_first(meter, tariff.currency, time_ms)
    unit = priced.unit if priced else meter.unit
    cost = priced.unit_price_micros if priced else None
    price = unit_price_for_client(cost, AT_COST if chosen.is_void(unit) else chosen)
    return MeterPrice(time_ms, setting.level if setting else "none", chosen, unit, cost, price)
