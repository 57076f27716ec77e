"""What a client pays for one meter: one of four states, and how each makes a price of a cost. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.money import MICROS, cost_micros, round_half_up
from chalicelib.pricing.cost import Cost

State = Literal["at_cost", "price", "markup", "absorbed"]

SMALLEST_MICROS: Final = 1
"""What is charged at least where a price is not zero: no amount is silently rounded to nothing."""


class ClientPrice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client pays for usage.

    `at_cost`: what it costs the workspace. `price`: `unit_price_micros` for one `unit` of the meter. `markup`:
    `markup_micros` times the cost, in millionths (1,500,000 is one and a half times the cost). `absorbed`: nothing.
    """

    state: State
    unit_price_micros: int | None = None
    unit: str | None = None
    markup_micros: int | None = None

    def is_void(self, unit: str) -> bool:
        """Tell whether it is a price for another unit than the meter's: it then counts as `at_cost`."""
        return self.state == "price" and self.unit != unit


AT_COST: Final = ClientPrice("at_cost")


def price_for_client(cost: Cost, price: ClientPrice) -> Cost:
    """Return what the client pays for what costs its workspace `cost`. It is never an error: usage is a fact."""
    if price.state == "absorbed":
        return Cost(cost.quantity_micros, None if cost.unit_price_micros is None else 0, 0, cost.unit)
    if price.state == "at_cost" or price.is_void(cost.unit):
        return cost
    unit_price = unit_price_for_client(cost.unit_price_micros, price)
    if unit_price is None:  # priced by its producer: there is an amount, and no quantity to multiply
        return cost if price.markup_micros is None else _with_amount(cost, None, _times(cost.amount_micros, price))
    return _with_amount(cost, unit_price, cost_micros(unit_price, cost.quantity_micros or 0))


def unit_price_for_client(cost_unit_price_micros: int | None, price: ClientPrice) -> int | None:
    """Return what the client pays for one unit, by what one costs the workspace; None without a unit price."""
    if cost_unit_price_micros is None or price.state == "at_cost":
        return cost_unit_price_micros
    if price.state == "absorbed":
        return 0
    if price.unit_price_micros is not None:
        return price.unit_price_micros
    return _at_least(cost_unit_price_micros, _times(cost_unit_price_micros, price))


def _times(cost_micros: int, price: ClientPrice) -> int:
    return round_half_up(cost_micros * (price.markup_micros or 0), MICROS)


def _with_amount(cost: Cost, unit_price_micros: int | None, amount_micros: int) -> Cost:
    charged = cost.amount_micros if unit_price_micros is None else unit_price_micros
    return Cost(cost.quantity_micros, unit_price_micros, _at_least(charged, amount_micros), cost.unit)


def _at_least(is_charged: int, amount_micros: int) -> int:
    return max(amount_micros, SMALLEST_MICROS) if is_charged else amount_micros
