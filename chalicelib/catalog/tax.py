"""A country's tax, and its share of an amount. Pure. A share is a whole number of the currency's minor unit.

The share is rounded once, half up, and the net is the rest of the amount, so the two add up exactly.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chalicelib.errors import Refusal
from chalicelib.money import MICROS, card_step_micros, parse_micros, places_of, round_half_up
from chalicelib.text import Line

PERCENT: Final = 100


class TaxInvalid(Refusal):
    """A tax that cannot be meant; `field` says where."""

    status = 422
    type = "tax-invalid"
    title = "Not a tax"


class TaxName(Line):
    """A tax's name, which stands on invoices."""

    __slots__ = ()
    longest = 40
    must = f"must be one line of 1 to {longest} visible characters"
    example = "VAT"


class Tax(msgspec.Struct, frozen=True):
    """A country's tax.

    `rate_micros` is the rate as a fraction, in millionths: 190,000 for 19 %. An inclusive tax is part of the prices,
    an exclusive one is added to them.
    """

    name: str
    rate_micros: int
    inclusive: bool

    def included_in(self, gross_micros: int, currency: str) -> int:
        """Return the tax that an amount contains."""
        unit = minor_unit_micros(currency)
        return round_half_up(gross_micros * self.rate_micros, (MICROS + self.rate_micros) * unit) * unit

    def added_to(self, net_micros: int, currency: str) -> int:
        """Return the tax that is added to an amount. If a card can be charged the amount, it can be charged the sum."""
        unit = card_step_micros(currency)
        return round_half_up(net_micros * self.rate_micros, MICROS * unit) * unit


class TaxEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A tax as people write it, in the catalog's file and for a workspace's clients. `rate` is in per cent."""

    name: TaxName
    rate: Annotated[str, Meta(max_length=40, examples=["19"])]
    inclusive: bool

    def read(self) -> Tax:
        """Return the tax. Raises TaxInvalid, InvalidDecimal."""
        percent_micros = parse_micros(self.rate)
        if not 0 < percent_micros < PERCENT * MICROS or percent_micros % PERCENT:
            raise TaxInvalid(f"a tax of {self.rate} % is not between 0 and 100 with at most four places")
        return Tax(self.name, percent_micros // PERCENT, self.inclusive)


def minor_unit_micros(currency: str) -> int:
    """Return the currency's smallest unit in micros."""
    return int(MICROS // 10 ** places_of(currency))
