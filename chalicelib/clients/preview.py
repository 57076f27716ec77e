"""What a month's usage would have brought by other prices. Pure.

The usage of a month is known by meter, not by event, so an amount may differ from the sum of single events by their
rounding.
"""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.meter import Meter
from chalicelib.clock import from_ms, month_of, to_ms
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.pricing.client_price import ClientPrice, price_for_client
from chalicelib.pricing.cost import Cost, price_at
from chalicelib.pricing.tariff import Tariff


class Month(msgspec.Struct, frozen=True):
    """A month in UTC, such as `2026-10`; it ends before `end_ms`."""

    name: str
    start_ms: int
    end_ms: int


class MeterPreview(msgspec.Struct):
    """One meter's usage of a month: what it cost, what clients were charged, and what they would be charged."""

    unit: str
    quantity_micros: int = 0
    cost_micros: int = 0
    charged_micros: int = 0
    new_micros: int = 0

    @property
    def margin_micros(self) -> int:
        """Return what the workspace would keep; it may be negative."""
        return self.new_micros - self.cost_micros

    def add(self, other: "MeterPreview") -> None:
        """Add another client's usage to this one."""
        self.quantity_micros += other.quantity_micros
        self.cost_micros += other.cost_micros
        self.charged_micros += other.charged_micros
        self.new_micros += other.new_micros


class Preview(msgspec.Struct):
    """A month of one client, or of several, priced by the settings of a time.

    It is known by meter, and what of it their allowances would have covered.
    """

    month: Month
    time_ms: int
    meters: dict[str, MeterPreview] = {}
    allowance_micros: int = 0
    clients: int = 0
    is_complete: bool = True

    def add(self, used: Mapping[str, ClientMeter], tariff: Tariff, catalog: Catalog) -> None:
        """Add one client's usage of the month, priced by its tariff."""
        charged_micros = 0
        is_rebilled = tariff.is_rebilled(self.time_ms)
        for name, usage in used.items():
            cost = _unit_cost(catalog.meters.get(name), tariff.currency, self.month)
            price = tariff.client_price(name, self.time_ms)
            new_micros = _price_usage(usage, cost, price) if is_rebilled else 0
            counted = MeterPreview(cost.unit, usage.quantity_micros, usage.cost_micros, usage.price_micros, new_micros)
            self.meters.setdefault(name, MeterPreview(cost.unit)).add(counted)
            charged_micros += new_micros
        self.allowance_micros += min(tariff.rebilling.allowance_at(self.time_ms), charged_micros)
        self.clients += 1


def last_month(now_ms: int) -> Month:
    """Return the month before that of a moment, in UTC."""
    end = from_ms(now_ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = (end - timedelta(days=1)).replace(day=1)
    return Month(month_of(to_ms(start)), to_ms(start), to_ms(end))


class UnitCost(msgspec.Struct, frozen=True):
    """What one of a meter cost in a month. `unit` is empty if there were several, or if it is no longer known."""

    unit: str
    unit_price_micros: int | None
    is_constant: bool = True


def _unit_cost(meter: Meter | None, currency: str, month: Month) -> UnitCost:
    prices = meter.prices.get(currency, ()) if meter else ()
    in_month = [price for price in prices if month.start_ms < price.from_ms < month.end_ms]
    first = price_at(prices, month.start_ms)
    valid = [*in_month, first] if first else in_month
    if not valid:
        return UnitCost(meter.unit if meter else "", None)
    has_one_unit = len({price.unit for price in valid}) == 1
    return UnitCost(valid[0].unit if has_one_unit else "", valid[0].unit_price_micros, len(valid) == 1)


def _price_usage(usage: ClientMeter, unit_cost: UnitCost, price: ClientPrice) -> int:
    """Return what a client would pay for its usage of a month.

    A markup is one of the sum, if the cost changed within the month. A price for another unit than the month's is void,
    since that is what the quantity was counted in.
    """
    has_unit_price = unit_cost.is_constant or price.state != "markup"
    unit_price_micros = unit_cost.unit_price_micros if has_unit_price else None
    cost = Cost(usage.quantity_micros, unit_price_micros, usage.cost_micros, unit_cost.unit)
    return price_for_client(cost, price).amount_micros
