"""The smallest and the largest charge of a card, by currency, in Stripe's minor units. Pure.

https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, read in November 2026.
Card networks may take less.
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
"""The least that is charged in a currency in which the account is paid out. Other currencies have no minimum of their
own: what they are converted to has to reach its minimum."""

DIGITS: Final = MappingProxyType({"idr": 12, "cop": 10, "inr": 9})
EIGHT: Final = 8
"""How many digits an amount has at most: eight, but for a few currencies. Most cards take more, some do not: what is
published for all ways to pay holds for every card."""


def smallest_charge(currency: str) -> int:
    """Return the least that a card can be charged, in minor units; 1 where none is published."""
    return SMALLEST.get(currency, 1)


def largest_charge(currency: str) -> int:
    """Return the most that a card can be charged at once, in minor units."""
    return int(10 ** DIGITS.get(currency, EIGHT)) - 1
