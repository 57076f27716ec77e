"""What the operator takes of a client's top-up, which goes to its workspace's own Stripe account. Pure."""

from collections.abc import Container
from typing import Final

import msgspec

from chalicelib.catalog.errors import require
from chalicelib.money import MICROS, card_step_micros, parse_micros, round_half_up

PERCENT: Final = 100


class ConnectFee(msgspec.Struct, frozen=True):
    """A share of the amount (1,000,000 is all of it) and a fixed amount by currency.

    `is_refunded`: it is given back in proportion when a top-up is refunded.
    """

    rate_micros: int = 0
    fixed_micros: dict[str, int] = {}
    is_refunded: bool = False

    def of(self, amount_micros: int, currency: str) -> int:
        """Return the fee of a payment: a whole number of what cards are charged in, and at most the amount."""
        step = card_step_micros(currency)
        exact = amount_micros * self.rate_micros + self.fixed_micros.get(currency, 0) * MICROS
        return min(amount_micros, round_half_up(exact, MICROS * step) * step)


class ConnectFeeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fee as written in the catalog's file."""

    fee_percent: str = "0"
    fee_fixed: dict[str, str] = {}
    refund_fee: bool = False

    def read(self, currencies: Container[str]) -> ConnectFee:
        """Return the fee. Raises InvalidCatalog, InvalidDecimal."""
        percent_micros = parse_micros(self.fee_percent)
        is_rate = percent_micros <= PERCENT * MICROS and percent_micros % PERCENT == 0
        require(is_rate, f"connect: a fee of {self.fee_percent} % is above 100 or has more than four places")
        fixed = {currency: parse_micros(amount) for currency, amount in self.fee_fixed.items()}
        for currency, micros in fixed.items():
            require(currency in currencies, f"connect: {currency!r} is not among the currencies")
            is_whole = micros % card_step_micros(currency) == 0
            require(is_whole, f"connect: the fixed fee in {currency} is no amount that a card is charged in")
        return ConnectFee(percent_micros // PERCENT, fixed, self.refund_fee)
