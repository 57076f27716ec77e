"""Amounts for people: the same text wherever they stand, with the places that people write."""

import re
from decimal import Decimal

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from babel.numbers import get_currency_precision, list_currencies

from chalicelib.i18n import amounts
from chalicelib.i18n.words import Words
from chalicelib.invoices.words import Words as PaperWords
from chalicelib.money import MICROS, format_amount
from chalicelib.portal.words import Words as PortalWords

CURRENCIES = sorted(list_currencies())
AMOUNTS = (0, 1, 1_500, 380_000, 12_500_000, 1_400 * MICROS, 1_234_567_891_000, -3_732_500, 999_999_999_999 * MICROS)
SPOKEN = ("en", "en-US", "en-GB", "en-IN", "en-AU", "en-ZA", "de", "de-AT", "de-CH", "de-LI")
"""Locales of the languages that the portal, the mails and the documents all have texts in."""


@pytest.mark.parametrize("locale", SPOKEN)
def test_portal_mail_and_paper_write_every_currency_alike(locale: str) -> None:
    for currency in map(str.lower, CURRENCIES):
        for micros in AMOUNTS:
            portal, mail = PortalWords(locale).amount(micros, currency), Words("mails", locale).amount(micros, currency)
            assert portal == mail == PaperWords(locale).amount(micros, currency)


@pytest.mark.parametrize("locale", [*SPOKEN, "fr", "fr-CH", "es", "pl", "ja", "hi", "bn", "ar", "fa", "he", "my"])
def test_every_digit_of_every_amount_is_written_and_no_more_places_than_needed(locale: str) -> None:
    found = Locale.parse(locale, sep="-")
    mark = found.number_symbols["latn"]["decimal"]
    for currency in CURRENCIES:
        for micros in AMOUNTS:
            written = amounts.amount(micros, currency.lower(), found)
            number = re.search(r"\d(?:.*\d)?", written)
            assert number is not None
            whole, _, fraction = number[0].partition(mark)
            assert Decimal(f"{re.sub(r'[^0-9]', '', whole)}.{fraction or 0}") * MICROS == abs(micros), written
            assert len(fraction.rstrip("0")) == len(fraction) or len(fraction) <= max(
                2, get_currency_precision(currency)
            )


@pytest.mark.parametrize("currency", ["isk", "ugx", "jpy", "clp", "mga", "krw"])
def test_a_currency_without_coins_has_no_places_anywhere(currency: str) -> None:
    micros = 1_400 * MICROS
    assert amounts.plain_amount(micros, currency, Locale("en")) == "1,400"
    assert format_amount(micros, currency) == "1400"
    assert amounts.plain_amount(12_500_000, currency, Locale("en")) == "12.5"


@pytest.mark.parametrize(
    ("micros", "currency", "locale", "written"),
    [
        (1_400 * MICROS, "isk", "en", "ISK\xa01,400"),
        (1_400 * MICROS, "isk", "is", "1.400\xa0kr."),
        (1_400 * MICROS, "huf", "en", "HUF\xa01,400.00"),
        (1_400 * MICROS, "twd", "en", "NT$1,400.00"),
        (1_400 * MICROS, "mru", "en", "MRU\xa01,400.00"),
        (1_400 * MICROS, "kwd", "en", "KWD\xa01,400.000"),
        (1_400 * MICROS, "lyd", "en", "LYD\xa01,400.000"),
        (1_400 * MICROS, "rsd", "en", "RSD\xa01,400"),
        (1_400_500_000, "rsd", "en", "RSD\xa01,400.50"),
        (1_400_500_000, "isk", "en", "ISK\xa01,400.5"),
        (1_500, "usd", "en", "$0.0015"),
        (-1_234_500_000, "chf", "de-CH", "CHF-1’234.50"),
        (12_345_678 * MICROS, "inr", "en-IN", "₹1,23,45,678.00"),
        (5 * MICROS, "xof", "en", "F\u202fCFA\xa05"),
    ],
)
def test_an_amount_is_written_as_its_readers_write_it(micros: int, currency: str, locale: str, written: str) -> None:
    assert amounts.amount(micros, currency, Locale.parse(locale, sep="-")) == written


def test_letters_of_a_currency_never_touch_a_digit() -> None:
    for locale in map(Locale.parse, locale_identifiers()[::5]):
        for currency in CURRENCIES[::9]:
            written = amounts.amount(12_500_000, currency.lower(), locale)
            assert not re.search(r"[^\W\d_]\d|\d[^\W\d_]", written), (locale, written)


def test_a_number_of_any_length_loses_no_digit() -> None:
    digits = "1234567890" * 4
    assert amounts.number(int(digits), Locale("en"), grouped=False) == f"{digits[:-6]}.{digits[-6:].rstrip('0')}"
