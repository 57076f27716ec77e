"""Amounts are put together from parts that were written before: they read exactly as babel writes them."""

from decimal import Decimal

import pytest
from babel import Locale
from babel.core import localedata
from hypothesis import example, given, settings
from hypothesis import strategies as some

from chalicelib.i18n import amounts
from chalicelib.money import MICROS
from chalicelib.text import CURRENCIES
from tests.depth import examples

LOCALES = sorted(localedata.locale_identifiers())
MICRO_AMOUNTS = some.integers(0, 10**16) | some.integers(0, 10**10).map(lambda number: number * MICROS // 100)


@settings(max_examples=examples(600))
@given(MICRO_AMOUNTS, some.sampled_from(LOCALES), some.sampled_from(sorted(CURRENCIES)))
@example(1_234_567_890_000, "de_CH", "chf")
@example(1_234_000_000, "es", "eur")
@example(12_345_678_900_000, "hi", "inr")
@example(1_000_000, "ar_EG", "jpy")
def test_an_amount_reads_as_babel_writes_it(micros: int, name: str, currency: str) -> None:
    locale = Locale.parse(name)
    places = amounts._places(micros, amounts.least_places(micros, currency))
    by_babel = amounts._amount(Decimal(micros) / MICROS, currency.upper(), places, locale)
    assert amounts.amount(micros, currency, locale) == by_babel


@pytest.mark.parametrize("micros", [0, 1, 10_000, 999_999, 1_000_000])
def test_the_smallest_amounts_keep_their_decimals(micros: int) -> None:
    written = amounts.amount(micros, "usd", Locale("en"))
    assert written == {0: "$0.00", 1: "$0.000001", 10_000: "$0.01", 999_999: "$0.999999", 1_000_000: "$1.00"}[micros]
