"""Amounts and numbers as people write them: the locale's signs, separators and grouping. Pure.

All of it is CLDR's data, through babel. The decimals of Stripe's units are separate (`chalicelib.money.decimals_of`).
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.numbers import NumberPattern, get_currency_precision, get_currency_symbol, parse_pattern

from chalicelib.i18n.number_style import NumberStyle, style_of
from chalicelib.money import PLACES, places_of, round_half_up

NO_BREAK_SPACE: Final = "\u00a0"


def amount(amount_micros: int, currency: str, locale: Locale) -> str:
    """Write an amount with its currency's sign, exactly: $0.0015 never reads $0.00."""
    return amount_style(currency.upper(), locale).write(amount_micros, least_places(amount_micros, currency))


def plain_amount(amount_micros: int, currency: str, locale: Locale) -> str:
    """Write an amount without its currency, for a column that names it once."""
    return number(amount_micros, locale, least_places(amount_micros, currency))


def number(micros: int, locale: Locale, least: int = 0, *, grouped: bool = True) -> str:
    """Write a number of millionths, such as a quantity, with all its decimal places and at least `least`."""
    return _number_style(locale).write(micros, least, grouped=grouped)


@lru_cache(maxsize=256)
def smallest_unit(currency: str) -> int:
    """Return the smallest coin of a currency in micros, one whole unit if it has no coins."""
    coin_places = max(get_currency_precision(currency.upper()), places_of(currency))
    return int(10 ** max(PLACES - coin_places, 0))


def rounded_total(amount_micros: int, currency: str) -> int:
    """Round a total half up to the smallest unit; a negative one as if it were positive."""
    unit = smallest_unit(currency)
    if amount_micros < 0:
        return -round_half_up(-amount_micros, unit) * unit
    return round_half_up(amount_micros, unit) * unit


def rounded_balance(balance_micros: int, currency: str) -> int:
    """Round a balance down to the smallest unit: it never reads more than there is, nor a debt less."""
    unit = smallest_unit(currency)
    return balance_micros // unit * unit


def least_places(amount_micros: int, currency: str) -> int:
    """Return the fewest decimal places that people write for an amount.

    An amount that CLDR's places can express has those. CLDR knows which currencies no longer use coins (supplemental
    data, "Currency Fractions": no places for the Icelandic krona or the Serbian dinar). Any other amount has at least
    the places of the smallest coin.
    """
    usual = _usual_places(currency)
    is_whole = usual >= PLACES or amount_micros % 10 ** (PLACES - usual) == 0
    return usual if is_whole else max(usual, places_of(currency))


@lru_cache(maxsize=256)
def _usual_places(currency: str) -> int:
    return get_currency_precision(currency.upper())


@lru_cache(maxsize=256)
def amount_style(code: str, locale: Locale) -> NumberStyle:
    """Return how a locale writes amounts of a currency, by its code in capitals."""
    return style_of(_spaced(locale, get_currency_symbol(code, locale)), locale, code)


@lru_cache(maxsize=64)
def _number_style(locale: Locale) -> NumberStyle:
    return style_of(locale.decimal_formats[None], locale)


def _spaced(locale: Locale, symbol: str) -> NumberPattern:
    """Return the locale's pattern of amounts, with a space between letters of a currency and digits.

    This is CLDR's currency spacing, which babel does not apply:
    https://unicode.org/reports/tr35/tr35-numbers.html#Currencies
    """
    pattern: NumberPattern = locale.currency_formats["standard"]
    text = pattern.pattern
    if not _is_sign(symbol[-1]):
        text = re.sub("¤(?=[#0])", f"¤{NO_BREAK_SPACE}", text)
    if not _is_sign(symbol[0]):
        text = re.sub("(?<=[#0])¤", f"{NO_BREAK_SPACE}¤", text)
    return pattern if text == pattern.pattern else parse_pattern(text)


def _is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "SZ"
