"""Read an amount as a person types it: anything ambiguous is refused. Pure.

An amount consists of digits, the locale's separators in their places, and at most one sign of the wallet's currency,
before or after: `1.234,50 €` in German. It has at most the decimal places of the currency: `1.000` is a thousand in
German, and in English not an amount of dollars.
"""

import re
from functools import lru_cache
from typing import Final

import msgspec
from babel import Locale
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol

from chalicelib.errors import Refusal
from chalicelib.money import MAXIMUM_DIGITS, InvalidDecimal, parse_micros, places_of

LONGEST: Final = 40
SPACES: Final = " \u00a0\u2007\u2009\u202f"
DIRECTIONS: Final = "\u200e\u200f\u061c"
"""Marks that the patterns of right-to-left locales have around amounts; they are copied with an amount."""

AROUND: Final = SPACES + DIRECTIONS + "\t\r\n"
KEYBOARD: Final = str.maketrans({**dict.fromkeys(SPACES, " "), "\u2019": "'"})

ZEROS: Final = {
    "latn": "0",
    "adlm": "\U0001e950",
    "arab": "\u0660",
    "arabext": "\u06f0",
    "beng": "\u09e6",
    "cakm": "\U00011136",
    "deva": "\u0966",
    "hmnp": "\U0001e140",
    "mtei": "\uabf0",
    "mymr": "\u1040",
    "nkoo": "\u07c0",
    "olck": "\u1c50",
    "tibt": "\u0f20",
}
"""The zero of every numbering system that a locale of CLDR writes by default; the other nine digits follow it."""


class TypedAmount(msgspec.Struct, frozen=True):
    """An amount: `text` as typed, `amount` as read, a decimal string. `is_plain` if they differ only in the point."""

    text: str
    amount: str
    is_plain: bool

    @property
    def micros(self) -> int:
        """Return the amount in micros."""
        return parse_micros(self.amount)


class NegativeAmount(InvalidDecimal):
    """An amount with a minus sign."""

    type = "negative-amount"
    title = "The amount has a minus sign"


class AmountTooLarge(InvalidDecimal):
    """An amount with more digits than any amount may have."""

    type = "amount-too-large"
    title = "The amount is too large"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.about["maximum"] = "9" * MAXIMUM_DIGITS


class TooManyPlaces(Refusal):
    """More decimal places than the currency has."""

    status = 422
    type = "too-many-places"
    title = "The amount has too many decimals"

    def __init__(self, places: int, currency: str) -> None:
        super().__init__(
            f"an amount in {currency} has at most {places} decimals", places=places, currency=currency.upper()
        )


class NoPlaces(TooManyPlaces):
    """Decimal places in a currency that has none."""

    type = "no-places"
    title = "The amount has decimals, and the currency has none"


def read_amount(text: str, currency: str, locale: Locale, *, places: int | None = None) -> TypedAmount:
    """Read an amount of a wallet's currency, with its decimals or `places`. Raises InvalidDecimal, TooManyPlaces."""
    trimmed = text.strip(AROUND)
    number = _without_currency(_normalize_spaces(trimmed), currency, locale)
    match = _find_number(number, locale) if len(text) <= LONGEST else None
    if match is None and _find_number(number.removeprefix("-").removeprefix("\u2212"), locale):
        raise NegativeAmount(text)
    if match is None:
        raise InvalidDecimal(text)
    whole, fraction = re.sub(r"\D", "", match["whole"]), match["fraction"] or ""
    most = places_of(currency) if places is None else places
    if len(fraction) > most:
        raise (TooManyPlaces if most else NoPlaces)(most, currency)
    plain = trimmed.replace(get_decimal_symbol(locale), ".", 1)
    amount = _decimal(whole, fraction)
    if len(amount.partition(".")[0]) > MAXIMUM_DIGITS:
        raise AmountTooLarge(text)
    parse_micros(amount)
    return TypedAmount(trimmed, amount, is_plain=plain == amount)


def read_multiple(text: str, locale: Locale) -> str:
    """Read a number without a currency, such as `1,5` in German, as a decimal string. Raises InvalidDecimal."""
    match = _find_number(_normalize_spaces(text.strip(AROUND)), locale) if len(text) <= LONGEST else None
    if match is None:
        raise InvalidDecimal(text)
    read = _decimal(re.sub(r"\D", "", match["whole"]), match["fraction"] or "")
    parse_micros(read)
    return read


def _without_currency(text: str, currency: str, locale: Locale) -> str:
    """Remove one sign of the currency: the one that the locale shows for it, or its code."""
    sign = _normalize_spaces(get_currency_symbol(currency.upper(), locale).strip(AROUND))
    signs = f"(?:{re.escape(sign)}|(?ai:{re.escape(currency)}))"
    match = re.fullmatch(rf"{signs}(.*)|(.*?){signs}", text)
    return (match[1] or match[2] or "").strip(AROUND) if match else text


def _find_number(text: str, locale: Locale) -> re.Match[str] | None:
    """Find a number in Latin digits or in those of the locale, never in both: Arabic is written with either."""
    native = locale.other_numbering_systems.get("native")
    systems = dict.fromkeys(("latn", locale.default_numbering_system, native if native in ZEROS else "latn"))
    matches = (_number_pattern(locale, system).fullmatch(text) for system in systems)
    return next(filter(None, matches), None)


@lru_cache(maxsize=256)
def _number_pattern(locale: Locale, system: str) -> re.Pattern[str]:
    """Return the pattern of a number: without groups, or with all of them and a first digit that is not zero."""
    zero = ZEROS[system]
    digit = f"[{zero}-{chr(ord(zero) + 9)}]"
    last, others = locale.currency_formats["standard"].grouping
    known = system if system in locale.number_symbols else "latn"
    group = re.escape(_normalize_spaces(get_group_symbol(locale, numbering_system=known)))
    point = re.escape(get_decimal_symbol(locale, numbering_system=known))
    grouped = f"(?!{zero}){digit}{{1,{others}}}(?:{group}{digit}{{{others}}})*{group}{digit}{{{last}}}"
    return re.compile(f"(?P<whole>{digit}+|{grouped})(?:{point}(?P<fraction>{digit}+))?")


def _normalize_spaces(text: str) -> str:
    """Return a text with one kind of space and of apostrophe, as keyboards have."""
    return text.translate(KEYBOARD)


def _decimal(whole: str, fraction: str) -> str:
    """Write digits of any script as the API's decimal string."""
    return f"{int(whole)}.{''.join(str(int(digit)) for digit in fraction)}".removesuffix(".")
