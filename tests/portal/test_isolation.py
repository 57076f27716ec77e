"""A page in Arabic: it is read from the right, and no value in it changes how another reads."""

import re

import pytest
from jinja2 import DictLoader, Environment

from chalicelib.i18n.texts import Texts
from chalicelib.portal.isolation import Isolation, isolated
from chalicelib.portal.typed_amount import read_amount
from chalicelib.portal.words import Words

ARABIC = Words("ar")
TEMPLATE = """<title>{{ name }}</title>
<p class="{{ name }}">{{ name }} · {{ name if name else "-" }} <b>{{ arabic }}</b> {{ html }} {{ 5 }}</p>
<textarea>{{ name }}</textarea><option>{{ name }}</option><bdi>{{ name }}</bdi>{{ name }}"""
PAGE = """<title>+49 &lt;30</title>
<p class="+49 &lt;30">{0} · {0} <b>رصيد</b> <i>a</i> 5</p>
<textarea>+49 &lt;30</textarea><option>+49 &lt;30</option><bdi>+49 &lt;30</bdi>{0}"""


def test_a_value_between_elements_is_isolated_and_nothing_else() -> None:
    environment = Environment(autoescape=True, extensions=[Isolation], loader=DictLoader({"page": TEMPLATE}))
    environment.filters["isolated"] = isolated
    html = environment.from_string("{{ '<i>a</i>'|safe }}").make_module()
    written = environment.get_template("page").render(name="+49 <30", arabic="رصيد", html=html)
    assert written == PAGE.format('<span dir="auto">+49 &lt;30</span>')


def test_a_value_in_a_text_is_isolated_on_every_surface_with_texts_in_sentences() -> None:
    assert ARABIC.say("Back to %(name)s", name="+49 30") == "العودة إلى \u2068+49 30\u2069"
    assert Texts("mails", "ar").say("Your receipt for %(amount)s", amount="5").endswith("\u20685\u2069")


def test_a_text_that_begins_with_a_value_says_where_it_is_read_from() -> None:
    assert ARABIC.say("%(amount)s a month", amount="US$").startswith("\u200f\u2068US$\u2069")
    assert ARABIC.say("Starter, yearly").startswith("\u200fStarter")


@pytest.mark.parametrize(
    ("micros", "written"),
    [
        (1_234_500_000, "\u200f1,234.50\xa0US$\u200e"),
        (-1_234_500_000, "\u200f\u200e-1,234.50\u200f\xa0US$\u200e"),
        (3, "\u200f\u200e<0.01\u200f\xa0US$\u200e"),
        (-3, "\u200f\u200e\u200e-<0.01\u200f\u200f\xa0US$\u200e"),
    ],
)
def test_a_sign_is_on_the_left_of_its_digits(micros: int, written: str) -> None:
    assert ARABIC.total(micros, "usd") == written


def test_a_sign_of_a_page_stands_where_the_locale_has_its_own() -> None:
    assert ARABIC.signed("-", ARABIC.amount(1_500_000, "usd")) == ARABIC.amount(-1_500_000, "usd")
    assert Words("en").signed("-", "$1") == "-$1"
    assert ARABIC.signed("", "1") == "1"


@pytest.mark.parametrize("typed", ["12.5", "12.50 US$", "\u0661\u0662\u066b\u0665", "\u200f12.50\xa0US$\u200e"])
def test_an_amount_is_typed_in_either_digits(typed: str) -> None:
    assert read_amount(typed, "usd", ARABIC.locale).micros == 12_500_000


def test_a_date_has_the_name_of_its_month() -> None:
    assert ARABIC.day("2026-11-03") == ARABIC.date(1_793_664_000_000, "medium") == "3 نوفمبر 2026"


def test_all_plural_forms_are_their_own() -> None:
    said = [ARABIC.count("%(number)s minute", "%(number)s minutes", number) for number in (0, 1, 2, 3, 11, 100)]
    assert [re.sub("[\u2068\u2069\u200f]", "", each) for each in said] == [
        "0 دقيقة",
        "دقيقة واحدة",
        "دقيقتان",
        "3 دقائق",
        "11 دقيقة",
        "100 دقيقة",
    ]
