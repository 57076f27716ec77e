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
    assert Words("nl", "de-CH", "en").language == "de"
    assert Words("nl").language == "en"
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


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "total", "balance"),
    [
        ("26.426308", "usd", "en", "$26.43", "$26.42"),
        ("26.426308", "usd", "de", "26,43\xa0$", "26,42\xa0$"),
        ("-26.426308", "usd", "en", "-$26.43", "-$26.43"),
        ("-26.421", "usd", "en", "-$26.42", "-$26.43"),
        ("0", "usd", "en", "$0.00", "$0.00"),
        ("0.0015", "usd", "en", "<$0.01", "<$0.01"),
        ("0.005", "usd", "en", "$0.01", "<$0.01"),
        ("-0.0015", "usd", "en", "-<$0.01", "-$0.01"),
        ("0.0015", "usd", "de", "<\xa00,01\xa0$", "<\xa00,01\xa0$"),
        ("7.38", "jpy", "en", "¥7", "¥7"),
        ("0.38", "jpy", "en", "<¥1", "<¥1"),
        ("1400.5", "isk", "en", "ISK\xa01,401", "ISK\xa01,400"),
        ("0.4", "ugx", "en", "<UGX\xa01", "<UGX\xa01"),
        ("1.2345", "kwd", "en", "KWD\xa01.235", "KWD\xa01.234"),
        ("0.0004", "kwd", "en", "<KWD\xa00.001", "<KWD\xa00.001"),
        ("1400.506", "rsd", "en", "RSD\xa01,400.51", "RSD\xa01,400.50"),
        (12_345_678, "usd", "en", "$12.35", "$12.34"),
    ],
)
def test_totals_and_balances_are_written_in_coins(
    amount: str | int, currency: str, locale: str, total: str, balance: str
) -> None:
    assert Words(locale).total(amount, currency) == total
    assert Words(locale).balance(amount, currency) == balance


def test_only_nothing_reads_as_nothing() -> None:
    english = Words("en")
    for currency in ("usd", "jpy", "isk", "ugx", "kwd"):
        zero = english.money("0", currency)
        for micros in (1, -1, 400, 1_500, -380_000):
            assert zero not in (english.total(micros, currency), english.balance(micros, currency))
        assert english.total(0, currency) == english.balance(0, currency) == zero


@pytest.mark.parametrize(
    ("price", "costs", "left"),
    [
        (137_164_000, (138_886_000,), -1_730_000),
        (138_886_000, (137_164_000,), 1_730_000),
        (70_310_000, (46_590_000, 5_000_000), 18_720_000),
        (1_234_000, (1_231_000,), 1),
        (1_231_000, (1_234_000,), -1),
        (1_000, (1_000,), 0),
    ],
)
def test_what_is_left_of_totals_is_that_of_the_totals_as_they_are_shown(
    price: int, costs: tuple[int, ...], left: int
) -> None:
    assert Words("en").margin("usd", price, *costs) == left


def test_in_a_column_missing_decimals_are_filled_in_before_what_follows_the_digits() -> None:
    english, german = Words("en"), Words("de")
    column = ["0.02", "0.0025", None, "7"]
    assert english.places(column, "usd") == 4
    assert english.aligned("$0.02", 4) == ("$0.02", "00", "")
    assert english.aligned("$0.0025", 4) == ("$0.0025", "", "")
    assert german.aligned("0,02\xa0€", 4) == ("0,02", "00", "\xa0€")
    assert english.aligned("¥7", english.places(["7", "7.38"], "jpy")) == ("¥7", ".00", "")
    assert german.aligned("1.400\xa0kr.", 2) == ("1.400", ",00", "\xa0kr.")
    assert english.aligned("$7.00", english.places([], "usd")) == ("$7.00", "", "")


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
    assert english.measure("voice_minute", 24_547_391, 4) == "24.55 minutes"
    assert english.measure("voice_minute", 4_321, 1) == "0.004321 minutes"
    assert english.quantity("voice_minute", "24.547391") == "24.547391 minutes"
    assert english.measure("ai_tokens", 0, 37) == "37 requests"
    assert german.measure("sms", 1_248_000_000, 1248) == "1.248 Nachrichten"
    assert english.measure("gone", 2_000_000, 2) == "2"
    assert german.kind("top_up") == "Guthaben aufgeladen"
    assert (german.purpose("top_up"), german.purpose("auto_pay")) == ("Guthaben aufladen", german.kind("auto_pay"))
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
        "most",
        "earliest",
        "latest",
    }
    advice = [text for decline in DECLINES.values() for text in (decline.advice, decline.owed_advice) if text]
    for text in (*refusals.TEXTS.values(), *refusals.LIMITS.values(), *advice):
        assert {place[2:-2] for place in PLACE.findall(text)} <= known
    assert set(names.TONES) <= set(names.STATES)


def test_countries_are_in_the_order_of_their_names() -> None:
    german = Words("de").countries()
    names = [name for _, name in german]
    assert len(names) == len(COUNTRIES)
    assert names[:3] == ["Afghanistan", "Ägypten", "Ålandinseln"]
    assert dict(german)["SA"] == Words("de").country("SA") == "Saudi-Arabien"
