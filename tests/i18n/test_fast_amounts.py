"""Amounts are written from a style that was looked up before: they read exactly as babel writes them."""

import re
from copy import copy
from decimal import Decimal

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from babel.numbers import NumberPattern, get_currency_symbol
from hypothesis import example, given, settings
from hypothesis import strategies as some

from chalicelib.i18n import amounts
from chalicelib.money import MICROS, format_micros
from chalicelib.text import CURRENCIES
from tests.depth import examples

LOCALES = sorted(locale_identifiers())
MICRO_AMOUNTS = some.integers(-(10**16), 10**16) | some.integers(0, 10**10).map(lambda number: number * MICROS // 100)


def by_babel(pattern: NumberPattern, micros: int, least: int, locale: Locale, code: str | None = None) -> str:
    exact, places = copy(pattern), len(format_micros(micros, least).partition(".")[2])
    exact.frac_prec = (places, places)
    return str(exact.apply(Decimal(micros) / MICROS, locale, currency=code, currency_digits=False))


def undirected(written: str) -> str:
    """Leave out the marks of text that is read from the right: babel has fewer of them than CLDR asks for."""
    return re.sub("[\u200e\u200f]", "", written)


@settings(max_examples=examples(600))
@given(MICRO_AMOUNTS, some.sampled_from(LOCALES), some.sampled_from(sorted(CURRENCIES)))
@example(1_234_567_890_000, "de_CH", "chf")
@example(-1_234_567_890_000, "de_CH", "chf")
@example(1_234_000_000, "es", "eur")
@example(12_345_678_900_000, "hi", "inr")
@example(1_000_000, "ar_EG", "jpy")
def test_an_amount_and_a_number_read_as_babel_writes_them(micros: int, name: str, currency: str) -> None:
    locale, code = Locale.parse(name), currency.upper()
    pattern, least = amounts._spaced(locale, get_currency_symbol(code, locale)), amounts.least_places(micros, currency)
    amount, number = amounts.amount(micros, currency, locale), amounts.number(micros, locale)
    assert undirected(amount) == undirected(by_babel(pattern, micros, least, locale, code))
    assert undirected(number) == undirected(by_babel(locale.decimal_formats[None], micros, 0, locale))


@pytest.mark.parametrize("micros", [0, 1, 10_000, 999_999, 1_000_000])
def test_the_smallest_amounts_keep_their_decimals(micros: int) -> None:
    written = amounts.amount(micros, "usd", Locale("en"))
    assert written == {0: "$0.00", 1: "$0.000001", 10_000: "$0.01", 999_999: "$0.999999", 1_000_000: "$1.00"}[micros]
