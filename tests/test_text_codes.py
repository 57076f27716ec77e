"""Codes of countries, currencies and locales are those of the real lists."""

import re

import pytest
from babel import Locale as BabelLocale
from babel.core import get_global
from babel.localedata import locale_identifiers

from chalicelib.text import COUNTRIES, CURRENCIES, Country, Locale, WrongText


def test_countries_are_the_ones_that_babel_and_iso_3166_1_have() -> None:
    """Of what CLDR has besides, ISO 3166-1 reserves some and gives the rest to whoever needs a code of his own."""
    reserved, of_cldr = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "TA", "UN"}, {"QO", "XA", "XB", "XK", "ZZ"}
    of_babel = {code for code in map(str, BabelLocale("en").territories) if re.fullmatch("[A-Z]{2}", code)}
    assert of_babel - reserved - of_cldr == COUNTRIES
    assert len(COUNTRIES) == 249


@pytest.mark.parametrize(
    ("written", "meant"), [("UK", "GB"), ("EL", "GR"), ("gb", "GB"), ("uk", "GB"), ("el", "GR"), ("De", "DE")]
)
def test_the_country_that_is_probably_meant_is_told(written: str, meant: str) -> None:
    with pytest.raises(WrongText, match=f"you probably mean {meant}"):
        Country(written)


@pytest.mark.parametrize(
    "code",
    ["XX", "ZZ", "EU", "UN", "QO", "XA", "XB", "SU", "AN", "USA", "Austria", "", "G", "GB ", " GB", "GB\n", "ＧＢ"],
)
def test_what_is_no_countrys_code_is_refused(code: str) -> None:
    with pytest.raises(WrongText, match="ISO 3166-1"):
        Country(code)


def test_currencies_are_the_ones_that_babel_knows_somebody_to_pay_with() -> None:
    used = get_global("territory_currencies").values()
    assert {code.lower() for uses in used for code, _, end, is_tender in uses if is_tender and not end} == CURRENCIES
    assert not {"xyz", "xxx", "xts", "xau", "dem", "usn"} & CURRENCIES


def test_every_locale_of_babels_is_taken() -> None:
    for name in set(locale_identifiers()) - {"root"}:
        assert Locale(name) == name
        assert Locale(name.replace("_", "-"))


@pytest.mark.parametrize(
    "name", ["en", "en-US", "EN-us", "de_AT", "zh-CN", "zh-Hant-TW", "sr-Latn-RS", "pt-BR", "es-419"]
)
def test_locales_are_taken_as_they_are_usually_written(name: str) -> None:
    assert Locale(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "e", "xx", "english", "C", "POSIX", "root", "und", "en-XX", "en-ZZ", "de-JP", "en-Cyrl-US", "de-DE-1996"),
        *("en_", "-en", "en--US", "en US", "de\n", "en-US\n", "../../etc", "en_US.UTF-8", "de_DE@euro", "ｅｎ"),
    ],
)
def test_what_babel_has_no_locale_for_is_refused(name: str) -> None:
    with pytest.raises(WrongText, match="must be a language"):
        Locale(name)


@pytest.mark.parametrize(("name", "meant"), [("en-UK", "en-GB"), ("iw", "he-IL"), ("deu", "de-DE")])
def test_the_locale_that_is_probably_meant_is_told(name: str, meant: str) -> None:
    with pytest.raises(WrongText, match=f"you probably mean {meant}"):
        Locale(name)
