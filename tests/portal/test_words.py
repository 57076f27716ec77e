"""How pages speak in several languages: amounts, names, refusals."""

import re

import pytest

from chalicelib.catalog.catalog import catalog
from chalicelib.money import parse_micros
from chalicelib.payments.words import DECLINES
from chalicelib.portal import names, refusals
from chalicelib.portal.names import Names
from chalicelib.portal.typed_amount import read_amount
from chalicelib.portal.words import Words, accepted_locales
from chalicelib.text import COUNTRIES

PLACE = re.compile(r"%\(\w+\)s")


def test_a_language_that_the_browser_asks_for_is_taken_if_it_is_there() -> None:
    assert accepted_locales("de-AT;q=0.5, en, fr;q=0, *;q=0.1, ;;;") == ["en", "de-AT"]
    assert Words("fr", "de-CH", "en").language == "de"
    assert Words("fr").language == "en"
    assert Words("de-XX-nonsense").money("1.5", "eur") == "1,50\xa0€"


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "written"),
    [
        ("0.0015", "usd", "en-US", "$0.0015"),
        ("12.4", "usd", "en-US", "$12.40"),
        ("-3", "usd", "en-US", "-$3.00"),
        ("1234567.891", "usd", "en-US", "$1,234,567.891"),
        ("1500", "jpy", "en-US", "¥1,500"),
        ("0.38", "jpy", "en-US", "¥0.38"),
        ("1.5", "bhd", "en-US", "BHD\xa01.500"),
        ("1234.5", "eur", "de-DE", "1.234,50\xa0€"),
        ("1234.5", "gbp", "en-GB", "£1,234.50"),
    ],
)
def test_an_amount_has_all_its_decimals_and_at_least_its_currencys(
    amount: str, currency: str, locale: str, written: str
) -> None:
    assert Words(locale).money(amount, currency) == written


def test_decimals_beyond_the_currencys_own_are_told_apart_but_not_below_a_cent() -> None:
    assert Words("en").parts("26.420308", "usd") == ("$26.42", "0308", "")
    assert Words("de").parts("26.420308", "usd") == ("26,42", "0308", "\xa0$")
    assert Words("en").parts("7.38", "jpy") == ("¥7", ".38", "")
    assert Words("en").parts("0.0025", "usd") == ("$0.0025", "", "")
    assert Words("en").parts("5.00", "usd") == ("$5.00", "", "")


def test_what_is_written_into_a_field_is_read_back() -> None:
    for locale in ("en-US", "de-DE"):
        said = Words(locale)
        for amount in ("25", "25.50", "1234.5", "0.02"):
            assert read_amount(said.to_type(amount, "usd"), "usd", said.locale).micros == parse_micros(amount)


def test_usage_is_counted_in_words() -> None:
    english, german = Names(Words("en"), catalog()), Names(Words("de"), catalog())
    assert english.measure("sms", 248_000_000, 248) == "248 messages"
    assert english.measure("sms", 1_000_000, 1) == "1 message"
    assert english.measure("voice_minute", 1_500_000, 2) == "1.5 minutes"
    assert english.measure("ai_tokens", 0, 37) == "37 requests"
    assert german.measure("sms", 1_248_000_000, 1248) == "1.248 Nachrichten"
    assert english.measure("gone", 2_000_000, 2) == "2"
    assert german.kind("top_up") == "Guthaben aufgeladen"
    assert german.kind("something_new") == "Something new"


def test_every_text_of_a_refusal_can_be_filled_in() -> None:
    known = {
        "minimum",
        "maximum",
        "step",
        "in_use",
        "example",
        "currency",
        "places",
        "amount",
        "balance",
        "workspace",
        "multiple",
        "contact",
    }
    advice = [decline.advice for decline in DECLINES.values()]
    for text in (*refusals.TEXTS.values(), *refusals.LIMITS.values(), *advice):
        assert {place[2:-2] for place in PLACE.findall(text)} <= known
    assert set(names.TONES) <= set(names.STATES)


def test_countries_are_in_the_order_of_their_names() -> None:
    german = Words("de").countries()
    names = [name for _, name in german]
    assert len(names) == len(COUNTRIES)
    assert names[:3] == ["Afghanistan", "Ägypten", "Ålandinseln"]
    assert dict(german)["SA"] == Words("de").country("SA") == "Saudi-Arabien"
