"""How a locale writes numbers: what babel knows of a pattern, looked up once. Pure.

A page writes hundreds of amounts. babel looks everything up anew for each, which takes ten times as long.
"""

import unicodedata
from copy import copy
from decimal import Decimal
from typing import Final

import msgspec
from babel import Locale
from babel.numbers import NumberPattern, get_decimal_symbol, get_group_symbol

from chalicelib.money import MICROS

SMALL: Final = 999
"""No locale groups fewer digits than three."""

CENT: Final = MICROS // 100
CENT_PLACES: Final = 2
CENTS: Final = [f"{cents:02d}" for cents in range(100)]
"""The decimals of nearly every amount, made once."""

TO_RIGHT: Final = "\u200e"
TO_LEFT: Final = "\u200f"
"""Marks that keep a sign beside what it belongs to in a text that is read from the right."""

Affixes = tuple[str, str]
"""What is written before and after the digits."""


class NumberStyle(msgspec.Struct, frozen=True):
    """The signs around and between digits. `groups` are the sizes of the last group of digits and of the others."""

    positive: Affixes
    negative: Affixes
    group_sign: str
    decimal_sign: str
    groups: tuple[int, int]

    def write(self, micros: int, least: int, *, grouped: bool = True) -> str:
        """Write a number of millionths with all its decimal places, at least `least`."""
        whole, fraction = divmod(abs(micros), MICROS)
        if least == CENT_PLACES and not fraction % CENT:
            decimals = CENTS[fraction // CENT]
        else:
            decimals = f"{fraction:06d}".rstrip("0").ljust(least, "0")
        before, after = self.negative if micros < 0 else self.positive
        digits = self._group(str(whole)) if grouped and whole > SMALL else whole
        return f"{before}{digits}{self.decimal_sign}{decimals}{after}" if decimals else f"{before}{digits}{after}"

    def _group(self, digits: str) -> str:
        size, found = self.groups[0], ""
        while len(digits) > size:
            found = f"{self.group_sign}{digits[-size:]}{found}"
            digits, size = digits[:-size], self.groups[1]
        return digits + found


def style_of(pattern: NumberPattern, locale: Locale, currency: str | None = None) -> NumberStyle:
    """Return how a pattern of a locale is written, with the sign of a currency where the pattern has one."""
    return NumberStyle(
        positive=_affixes(pattern, locale, currency, Decimal(0)),
        negative=_affixes(pattern, locale, currency, Decimal("-0")),
        group_sign=get_group_symbol(locale),
        decimal_sign=get_decimal_symbol(locale),
        groups=pattern.grouping,
    )


def _affixes(pattern: NumberPattern, locale: Locale, currency: str | None, zero: Decimal) -> Affixes:
    """Return what babel writes around a zero."""
    whole = copy(pattern)
    whole.frac_prec = (0, 0)
    before, _, after = whole.apply(zero, locale, currency=currency, currency_digits=False).partition("0")
    return _from_right(before, after) if locale.text_direction == "rtl" else (before, after)


def _from_right(before: str, after: str) -> Affixes:
    """Keep the minus sign on the left of its digits, and the sign of a currency after its letters: US$, not $US."""
    if "-" in before:
        before, after = before.replace("-", f"{TO_RIGHT}-"), f"{TO_LEFT}{after}" if after else ""
    letters = any(unicodedata.bidirectional(each) == "L" for each in after)
    return before, f"{after}{TO_RIGHT}" if letters else after
