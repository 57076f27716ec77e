"""The smallest and the largest charge of a card, by currency, in Stripe's minor units. Pure.

https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, read in November 2026.
Card networks may accept less.
"""

from types import MappingProxyType
from typing import Final

SMALLEST: Final = MappingProxyType(
    {
        **dict.fromkeys("usd ars aud brl cad chf cop eur idr ils inr nzd php rub sgd zar".split(), 50),
        **dict.fromkeys("jpy krw".split(), 50),
        **dict.fromkeys("aed myr pln ron".split(), 200),
        **dict.fromkeys("nok sek".split(), 300),
        **dict.fromkeys("mxn thb".split(), 1_000),
        "gbp": 30,
        "dkk": 250,
        "hkd": 400,
        "czk": 1_500,
        "huf": 17_500,
    }
)
"""The minimum charge in a currency in which the account is paid out. Other currencies have no minimum of their own: the
amount after conversion must reach the minimum of the currency that it is converted to."""

DIGITS: Final = MappingProxyType({"idr": 12, "cop": 10, "inr": 9})
DEFAULT_DIGITS: Final = 8
"""The maximum number of digits of an amount, except in a few currencies. Most cards accept more, some do not: the limit
that is published for all payment methods is valid for every card."""


def smallest_charge(currency: str) -> int:
    """Return the minimum charge of a card, in minor units; 1 if none is published."""
    return SMALLEST.get(currency, 1)


def largest_charge(currency: str) -> int:
    """Return the maximum amount of one charge of a card, in minor units."""
    return int(10 ** DIGITS.get(currency, DEFAULT_DIGITS)) - 1
