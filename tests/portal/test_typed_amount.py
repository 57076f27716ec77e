"""A typed amount is what it says, or it is refused: nothing that was typed is ever dropped."""

import unicodedata

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.i18n import amounts
from chalicelib.money import InvalidDecimal, places_of
from chalicelib.portal.refusals import explain
from chalicelib.portal.typed_amount import ZEROS, NoPlaces, TooManyPlaces, read_amount
from chalicelib.portal.words import Words

LOCALES = [Locale.parse(name) for name in locale_identifiers()]


def locale_of(name: str) -> Locale:
    return Locale.parse(name, sep="-")


@pytest.mark.parametrize(
    ("locale", "currency", "typed", "amount"),
    [
        ("en", "usd", "25", "25"),
        ("en", "usd", " 25 ", "25"),
        ("en", "usd", "\u00a025\u202f", "25"),
        ("en", "usd", "25.5", "25.5"),
        ("en", "usd", "25.00", "25.00"),
        ("de", "eur", "25,50", "25.50"),
        ("de-CH", "chf", "25.50", "25.50"),
        ("en", "kwd", "1.500", "1.500"),
        ("en", "jpy", "5000", "5000"),
    ],
)
def test_digits_with_the_locales_decimal_mark_are_plain(locale: str, currency: str, typed: str, amount: str) -> None:
    read = read_amount(typed, currency, locale_of(locale))
    assert (read.amount, read.is_plain) == (amount, True)


@pytest.mark.parametrize(
    ("locale", "currency", "typed", "amount"),
    [
        ("en", "usd", "$25", "25"),
        ("en", "usd", "25 $", "25"),
        ("en", "usd", "USD 25", "25"),
        ("en", "usd", "25usd", "25"),
        ("en", "usd", "1,234.50", "1234.50"),
        ("en", "usd", "1,234,567", "1234567"),
        ("en", "usd", "0025", "25"),
        ("en", "aud", "A$25", "25"),
        ("en-AU", "aud", "$25", "25"),
        ("en-GB", "usd", "US$25", "25"),
        ("en-IN", "inr", "₹1,23,456.50", "123456.50"),
        ("en", "xof", "F CFA 5,000", "5000"),
        ("de", "usd", "1.000", "1000"),
        ("de", "eur", "1.234,50 €", "1234.50"),
        ("de-CH", "chf", "1’234.50", "1234.50"),
        ("de-CH", "chf", "1'234.50", "1234.50"),
        ("fr", "eur", "1 234,50 €", "1234.50"),
        ("fr", "eur", "1\u202f234,50\u00a0€", "1234.50"),
        ("is", "isk", "1.400 kr.", "1400"),
        ("ar-EG", "egp", "١٬٢٣٤٫٥٠", "1234.50"),
        ("ar-EG", "egp", "١٢٣", "123"),
        ("fa", "usd", "۲۵٫۵", "25.5"),
        ("mr", "inr", "२५", "25"),
    ],
)
def test_what_the_locale_writes_around_and_between_is_read_but_not_plain(
    locale: str, currency: str, typed: str, amount: str
) -> None:
    read = read_amount(typed, currency, locale_of(locale))
    assert (read.amount, read.is_plain) == (amount, False)


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "abc", "10/20", "2x50", "1O0", "l00", "1e2", "1E2", "--5", "-5", "+5", "−5", "(5)", "5-", "10-20"),
        *(
            "25 GBP",
            "€25",
            "25€",
            "£25",
            "25€ (VAT 5)",
            "25 VAT",
            "25%",
            "US$25",
            "A$25",
            "$",
            "USD",
            "$25 USD",
            "$$25",
        ),
        *("1,00", "1,0000", "10,00", "1,2,3", "1,23,456", "12,34", ",100", "100,", "0,100", "00,100", "1,,000"),
        *("10.5.5", "1.000.000", "10.", ".5", "1.000,50", "1 000", "1'000", "1_000", "1\u200b0", "1\t0", "1 0", "1 .5"),
        *("٢٥", "२५", "２５", "2٥", "²5", "½", "1½", "25\n26", "0x19", "NaN", "Infinity", "25,-", "25 dollars", "#25"),
        *("1" * 13, "9" * 41, "0" * 5000 + "25", "25" + " " * 500 + "x"),
    ],
)
def test_anything_else_is_refused_in_a_wallet_of_dollars(typed: str) -> None:
    with pytest.raises(InvalidDecimal):
        read_amount(typed, "usd", Locale("en"))


@pytest.mark.parametrize(
    ("locale", "currency", "typed"),
    [
        ("de", "eur", "25.50"),
        ("de", "eur", "1,234.50"),
        ("de", "eur", "1.00"),
        ("fr", "eur", "1.234,50"),
        ("en-IN", "inr", "123,456"),
        ("en-IN", "inr", "1,234,567"),
        ("en", "aud", "$25"),
        ("en-AU", "usd", "$25"),
        ("en", "gbp", "$25"),
        ("ar-EG", "egp", "1٢3"),
        ("fa", "usd", "٢٥"),
        ("ar-EG", "egp", "١,٢٣٤"),
    ],
)
def test_what_another_locale_or_currency_would_write_is_refused(locale: str, currency: str, typed: str) -> None:
    with pytest.raises(InvalidDecimal):
        read_amount(typed, currency, locale_of(locale))


@pytest.mark.parametrize(
    ("currency", "typed", "told"),
    [
        ("usd", "25.005", "Use at most 2 decimals, like 25.50."),
        ("kwd", "1.0005", "Use at most 3 decimals, like 25.500."),
        ("jpy", "1000.5", "JPY has no decimals. Enter a whole amount, like 2500."),
        ("usd", "-5", "Enter an amount without a minus sign, like 25.50."),
        ("usd", "\u22125", "Enter an amount without a minus sign, like 25.50."),
        ("usd", "--5", "Enter an amount in USD, like 25.50."),
        ("usd", "€25", "Enter an amount in USD, like 25.50."),
        ("jpy", "", "Enter an amount in JPY, like 2500."),
    ],
)
def test_each_amount_that_is_refused_is_told_what_is_wrong_with_it(currency: str, typed: str, told: str) -> None:
    with pytest.raises((InvalidDecimal, TooManyPlaces)) as refusal:
        read_amount(typed, currency, Locale("en"))
    assert explain(refusal.value, Words("en"), currency) == told


@pytest.mark.parametrize(
    ("locale", "currency", "typed", "refusal", "places"),
    [
        ("en", "usd", "25.005", TooManyPlaces, 2),
        ("en", "usd", "1.000", TooManyPlaces, 2),
        ("de", "eur", "25,001", TooManyPlaces, 2),
        ("en", "kwd", "1.0005", TooManyPlaces, 3),
        ("en", "jpy", "1000.5", NoPlaces, 0),
        ("en", "jpy", "1.000", NoPlaces, 0),
        ("en", "isk", "1400.50", NoPlaces, 0),
        ("en", "ugx", "5000.0", NoPlaces, 0),
    ],
)
def test_places_that_the_currency_does_not_have_are_told_as_that(
    locale: str, currency: str, typed: str, refusal: type[TooManyPlaces], places: int
) -> None:
    with pytest.raises(refusal) as told:
        read_amount(typed, currency, locale_of(locale))
    assert told.value.about == {"places": places, "currency": currency.upper()}


ALPHABET = "0123456789" * 3 + ".,.,'’ \u00a0\u202f$€£+-eEOxl/٢२kr"


@given(
    st.text(ALPHABET, max_size=9),
    st.sampled_from(["en", "de", "de-CH", "fr", "en-IN", "is", "ar-EG", "mr"]),
    st.sampled_from(["usd", "eur", "isk", "jpy", "kwd"]),
)
def test_every_digit_that_was_typed_is_in_the_amount_and_no_other(typed: str, locale: str, currency: str) -> None:
    try:
        read = read_amount(typed, currency, locale_of(locale))
    except (InvalidDecimal, TooManyPlaces):
        return
    digits = "".join(str(unicodedata.decimal(each)) for each in typed if each.isdecimal())
    assert digits.lstrip("0") == read.amount.replace(".", "").lstrip("0")
    assert not set(typed) & set("+-eEOxl/")


@given(st.integers(0, 10**15), st.sampled_from(LOCALES), st.sampled_from("usd eur gbp jpy isk kwd inr rsd xof".split()))
def test_what_a_page_writes_is_read_back(units: int, locale: Locale, currency: str) -> None:
    micros = units * 10 ** (6 - places_of(currency)) % 10**18
    for text in (amounts.amount(micros, currency, locale), amounts.plain_amount(micros, currency, locale)):
        assert read_amount(text, currency, locale).micros == micros


def test_the_digits_of_every_locale_are_known() -> None:
    assert {locale.default_numbering_system for locale in LOCALES} <= set(ZEROS)
    for zero in ZEROS.values():
        assert [unicodedata.decimal(chr(ord(zero) + value)) for value in range(10)] == list(range(10))
