"""What a measured quantity or amount costs, by the price that is valid at the event's own time. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.catalog.catalog import UsageLimits
from chalicelib.catalog.meter import Meter, Price
from chalicelib.money import InvalidDecimal, cost_micros, parse_micros

DATA_FIELD: Final = "data"
"""The field with the quantity or amount of an event that is not a receipt."""

Reason = Literal["quantity_needed", "amount_needed", "not_a_decimal", "out_of_range", "rounds_to_nothing", "no_price"]


class Unpriceable(Exception):
    """A measure that cannot be priced: a reason for programs, a detail for people, and the event's field to correct."""

    def __init__(self, reason: Reason, detail: str, field: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail
        self.field = field


class Cost(msgspec.Struct, frozen=True, gc=False):
    """What a measure costs: its quantity in millionths and its unit price, where it has a price, and the amount.

    `unit` is what one of the meter was at that time.
    """

    quantity_micros: int | None
    unit_price_micros: int | None
    amount_micros: int
    unit: str


def price_measure(
    quantity: str | int | None,
    amount: str | None,
    *,
    meter: Meter,
    currency: str,
    limits: UsageLimits,
    time_ms: int,
    field: str,
) -> Cost:
    """Price a quantity or amount of one meter; `field` is its place in the event. Raises Unpriceable."""
    if meter.priced_by_producer:
        if amount is None or quantity is not None:
            raise wrong_measure(meter, field)
        amount_micros = _read_measure(amount, limits.maximum_amount_micros, field, "amount")
        return Cost(None, None, amount_micros, meter.unit)
    if quantity is None or amount is not None:
        raise wrong_measure(meter, field)
    quantity_micros = _read_measure(quantity, limits.maximum_quantity_micros, field, "quantity")
    price = price_at(meter.prices.get(currency, ()), time_ms)
    if price is None:
        raise _no_price(field, currency)
    unit_price = price.unit_price_micros
    amount_micros = cost_micros(unit_price, quantity_micros)
    if unit_price and not amount_micros:
        detail = f"{field}.quantity: so small a quantity costs less than 0.000001"
        raise Unpriceable("rounds_to_nothing", detail, f"{field}.quantity")
    return Cost(quantity_micros, unit_price, amount_micros, price.unit)


def price_at(prices: tuple[Price, ...], time_ms: int) -> Price | None:
    """Return the price that is valid at a time, if any; `prices` are newest first."""
    for price in prices:
        if price.from_ms <= time_ms:
            return price
    return None


def _no_price(field: str, currency: str) -> Unpriceable:
    detail = f"the catalog has no price in {currency} for this meter at that time"
    return Unpriceable("no_price", detail, "type" if field == DATA_FIELD else f"{field}.meter")


def wrong_measure(meter: Meter, field: str) -> Unpriceable:
    """Return the error for a meter whose measure is missing, or is not the only one."""
    if meter.priced_by_producer:
        detail = f"{field}: this meter is priced by its producer: send amount, and nothing else to measure it"
        return Unpriceable("amount_needed", detail, f"{field}.amount")
    detail = f"{field}: this meter has a price: send quantity, and nothing else to measure it"
    return Unpriceable("quantity_needed", detail, f"{field}.quantity")


def _read_measure(sent: str | int, maximum_micros: int, field: str, name: str) -> int:
    """Read a quantity (in millionths) or an amount (in micros): above zero, at most six places, within the limit."""
    try:
        micros = parse_micros(str(sent))
    except InvalidDecimal as error:
        raise Unpriceable("not_a_decimal", f"{field}.{name}: {error.detail}", f"{field}.{name}") from None
    if not 0 < micros <= maximum_micros:
        detail = f"{field}.{name}: {str(sent)[:64]} is not above zero and within what is believable"
        raise Unpriceable("out_of_range", detail, f"{field}.{name}")
    return micros
