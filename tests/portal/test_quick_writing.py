"""What pages write with less work than babel, jinja2 and urllib is what these would write."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from babel import Locale
from babel.dates import format_datetime, format_time
from hypothesis import given
from hypothesis import strategies as some
from jinja2 import Environment
from markupsafe import Markup, escape

from chalicelib.base_url import BaseUrl
from chalicelib.portal.page_words import PageWords
from chalicelib.portal.quick_jinja import QuickContext, translator
from chalicelib.portal.words import Words

MOMENTS = ["2026-11-29T22:09:36.283Z", "2024-02-29T00:00:00Z", "2026-06-30T12:59:59.999+02:00", "2026-12-31T23:30:00"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("locale", ["en-US", "en-GB", "de-DE", "de-AT"])
def test_moments_are_written_as_babel_does(moment: str, locale: str) -> None:
    words, found = Words(locale), datetime.fromisoformat(moment)
    assert words.moment(moment) == format_datetime(found, "medium", UTC, words.locale) + " UTC"
    assert words.time(moment) == format_time(found, "medium", UTC, words.locale)


def test_every_locales_moment_has_both_of_its_parts() -> None:
    for name in ("en", "de", "fr", "zh", "ja"):
        words, moment = Words("en"), MOMENTS[0]
        words.locale = Locale(name)
        assert words.moment(moment) == format_datetime(datetime.fromisoformat(moment), locale=words.locale) + " UTC"


@given(some.text())
def test_a_part_of_an_address_is_quoted(part: str) -> None:
    safe = part.encode(errors="ignore").decode()
    assert BaseUrl("https://a.example", "/api").path(safe) == f"/api/portal/{quote(safe, safe='')}"


def test_cells_are_escaped() -> None:
    words = PageWords("en-US")
    assert words.cells([1_230_000, 0, 5], "usd", zero="-") == Markup("<td>$1.23</td><td>-</td><td>&lt;$0.01</td>")


def test_an_element_in_a_translated_or_counted_text_stays_one() -> None:
    words, day = PageWords("en-US"), PageWords("en-US").day("2026-11-10")
    counted = words.count("%(number)s of <%(day)s", "%(number)s of <%(day)s: %(name)s", 1056, day=day, name="<b>")
    assert counted == '1,056 of &lt;<time datetime="2026-11-10">Nov 10, 2026</time>: &lt;b&gt;'
    assert escape(counted) == counted
    assert escape(words.say("Until %(day)s", day=day)) == f"Until {day}"
    assert not isinstance(words.say("%(name)s", name="<b>"), Markup)


def test_days_and_moments_are_elements_with_their_exact_time() -> None:
    words, moment = PageWords("en-US"), "2026-11-29T22:09:36Z"
    assert words.day(moment) == '<time datetime="2026-11-29">Nov 29, 2026</time>'
    assert words.time(moment).startswith(f'<time datetime="{moment}">10:09:36')
    assert words.moment(moment).endswith(" UTC</time>")


def test_an_amount_is_in_one_piece_with_room_for_the_decimals_of_its_column() -> None:
    words = PageWords("en-US")
    assert words.exact_amount("0.0015", "usd") == "<bdi>$0.0015</bdi>"
    assert words.exact_amount(5_000_000, "usd", "−", 4) == '<bdi>−$5.00<span data-missing="00"></span></bdi>'
    assert words.exact_amount(500_000_000, "jpy", "+", 2) == '<bdi>+¥500<span data-missing=".00"></span></bdi>'


def test_a_very_long_amount_may_break_after_its_groups_of_digits() -> None:
    written = str(PageWords("en-US").exact_amount("1234567890123456789012.5", "usd"))
    assert written.startswith('<bdi class="long">$1,<wbr>234,<wbr>')
    assert written.endswith("<wbr>012.50</bdi>")


def test_pages_write_one_minus_sign() -> None:
    words = PageWords("en-US")
    assert (
        words.exact_amount(-150_000, "usd") == "<bdi>\u2212$0.15</bdi>" == words.exact_amount(150_000, "usd", "\u2212")
    )
    assert (words.money("-3", "usd"), words.total("-0.0015", "usd")) == ("\u2212$3.00", "\u2212<$0.01")


def test_only_a_rounded_amount_is_a_button_that_tells_the_exact_one() -> None:
    words = PageWords("en-US")
    assert words.total_amount("1.23", "usd", "−") == "<bdi>−$1.23</bdi>"
    first, second = (str(words.balance_amount(amount, "usd")) for amount in ("1.239", "0.0004"))
    assert 'popovertarget="exact-1" aria-describedby="exact-1"><bdi>$1.23</bdi></button>' in first
    assert '<span id="exact-1" popover>Exactly $1.239</span>' in first
    assert "<bdi>&lt;$0.01</bdi>" in second
    assert '<span id="exact-2" popover>Exactly $0.0004</span>' in second
    assert "Exactly −$0.6512" in words.total_amount("0.6512", "usd", "−")


def test_translated_texts_escape_their_values_and_no_more() -> None:
    say = translator({"a": "A & %%", "%(n)s b": "<b>%(n)s</b> %%", "%(text)s": "%(text)s"}.__getitem__)
    assert (say("a"), say("%(n)s b", n="<i>")) == ("A & %", "<b>&lt;i&gt;</b> %")
    assert say("%(text)s", text="any name") == "any name"
    assert isinstance(say("a"), Markup)
    with pytest.raises(KeyError):
        say("%(n)s b")


def test_templates_call_functions_methods_classes_and_macros() -> None:
    made = Environment(autoescape=True)
    made.context_class = QuickContext
    text = (
        "{% macro m(x) %}({{ x }}{{ caller() if caller }}){% endmacro %}{% macro n(x) %}[{{ x }}]{% endmacro %}"
        "{% for y in z %}{% set w = y %}{{ n(y) }}{{ f(y, sign='-') }}{{ y.upper() }}{{ g(w) }}"
        "{% call m(y) %}<{% endcall %}{% endfor %}"
    )
    shown = made.from_string(text).render(z=["a"], f=lambda x, sign: sign + x, g=str)
    assert shown == "[a]-aAa(a<)"


def test_moments_read_from_the_right_name_the_month() -> None:
    assert Words("ar").moment(MOMENTS[0]).startswith("29 نوفمبر 2026")
