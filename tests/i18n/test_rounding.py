"""Totals and balances in whole coins, in every currency."""

import pytest
from babel import Locale
from babel.numbers import get_currency_precision, list_currencies
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.i18n import amounts
from chalicelib.money import MICROS, card_step_micros

CURRENCIES = sorted(each.lower() for each in list_currencies())
currencies = st.sampled_from(CURRENCIES)
whatever = st.integers(-(10**38), 10**38)


@pytest.mark.parametrize(
    ("currency", "unit"),
    [
        *(("usd", 10_000), ("kwd", 1_000), ("jpy", MICROS)),
        *(("isk", MICROS), ("ugx", MICROS), ("clp", MICROS), ("bif", MICROS)),
        # Readers write no places for these, but cards are charged in hundredths.
        *(("rsd", 10_000), ("huf", 10_000), ("twd", 10_000), ("all", 10_000)),
    ],
)
def test_the_smallest_unit_is_the_smallest_coin(currency: str, unit: int) -> None:
    assert amounts.smallest_unit(currency) == unit


def test_what_a_card_can_be_charged_is_never_rounded() -> None:
    for currency in CURRENCIES:
        step = card_step_micros(currency)
        for charge in (step, 25 * step, 12_345_678 * step):
            assert amounts.rounded_total(charge, currency) == amounts.rounded_balance(charge, currency) == charge


@given(whatever, currencies)
def test_a_balance_never_reads_more_than_there_is_nor_a_debt_less(micros: int, currency: str) -> None:
    rounded = amounts.rounded_balance(micros, currency)
    assert rounded <= micros < rounded + amounts.smallest_unit(currency)
    assert rounded % amounts.smallest_unit(currency) == 0


@given(whatever, currencies)
def test_a_total_is_at_most_half_a_coin_off_and_the_same_below_zero(micros: int, currency: str) -> None:
    rounded = amounts.rounded_total(micros, currency)
    assert 2 * abs(rounded - micros) <= amounts.smallest_unit(currency)
    assert amounts.rounded_total(-micros, currency) == -rounded


def test_half_a_coin_is_rounded_up() -> None:
    assert amounts.rounded_total(5_000, "usd") == 10_000
    assert amounts.rounded_total(4_999, "usd") == 0
    assert amounts.rounded_total(500_000, "isk") == MICROS
    assert amounts.rounded_total(-12_345_500, "kwd") == -12_346_000


@given(whatever, currencies)
def test_a_rounded_amount_has_the_places_of_its_currency(micros: int, currency: str) -> None:
    written = amounts.plain_amount(amounts.rounded_total(micros, currency), currency, Locale("en"))
    usual = get_currency_precision(currency.upper())
    assert len(written.partition(".")[2]) in {usual, len(str(MICROS // amounts.smallest_unit(currency))) - 1}


@pytest.mark.parametrize("locale", ["en", "de", "hi", "ar"])
def test_the_largest_number_of_the_database_is_written_whole(locale: str) -> None:
    found, balance = Locale(locale), 10**38 - 1
    written = amounts.amount(balance, "usd", found)
    assert "".join(filter(str.isdigit, written)) == str(balance)
    assert "".join(filter(str.isdigit, amounts.number(-balance, found))) == str(balance)
