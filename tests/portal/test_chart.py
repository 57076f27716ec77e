"""The chart, the pace and the colours: pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.ledger.daily_usage import Usage
from chalicelib.portal import chart, color
from chalicelib.portal.render import STATIC, TEMPLATES
from chalicelib.portal.spending import first_needed, spending

USD = 1_000_000
COLORS = some.tuples(*[some.integers(0, 255)] * 3)


def usage(micros: int, count: int = 1) -> Usage:
    return Usage(count * USD, micros, count)


def test_bars_stand_on_each_other_and_add_up() -> None:
    days = {"2026-11-01": {"sms": usage(3 * USD), "voice": usage(5 * USD)}, "2026-11-03": {"sms": usage(2 * USD)}}
    made = chart.build(days, "2026-11-01", "2026-11-03", ["voice", "sms"])
    assert made.meters == ["voice", "sms"]
    assert made.meter_totals == [5 * USD, 5 * USD]
    assert made.total_micros == 10 * USD
    assert made.scale == [10 * USD, 5 * USD, 0]
    first, second, third = made.bars
    assert first.y + first.height == chart.BASE
    assert second.y + second.height == pytest.approx(first.y, abs=0.2)
    assert third.x > second.x
    assert [row[0] for row in made.rows] == ["2026-11-03", "2026-11-01"]
    assert made.named_days == ["2026-11-01", "2026-11-02", "2026-11-03"]


def test_what_cost_nothing_is_not_in_the_chart() -> None:
    made = chart.build({"2026-11-01": {"free": usage(0), "sms": usage(USD)}}, "2026-11-01", "2026-11-01", ["free"])
    assert made.meters == ["sms"]
    assert [bar.color for bar in made.bars] == [0]


def test_each_color_of_the_chart_is_in_the_style_sheet_in_light_and_dark() -> None:
    sheet = (STATIC / "portal.css").read_text()
    for number in range(chart.COLORS):
        assert sheet.count(f"--m{number}: #") == 2
        assert f".m{number} {{ fill: var(--m{number}); }}" in sheet
    template = (TEMPLATES / "parts.html").read_text()
    assert f"[loop.index0, {chart.COLORS - 1}]|min" in template


@given(some.lists(some.integers(0, 10**12), min_size=1, max_size=40))
def test_no_bar_leaves_the_chart(amounts: list[int]) -> None:
    span = chart.days_between("2026-01-01", "2026-12-31")[: len(amounts)]
    days = {day: {"sms": usage(amount)} for day, amount in zip(span, amounts, strict=True) if amount}
    made = chart.build(days, span[0], span[-1], [])
    for bar in made.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= chart.WIDTH + 1
        assert chart.TOP - 1 <= bar.y <= bar.y + bar.height <= chart.BASE + 1


def test_the_month_is_compared_with_the_same_days_of_the_last() -> None:
    days = {
        "2026-10-10": {"sms": usage(4 * USD)},
        "2026-10-31": {"sms": usage(9 * USD)},
        "2026-11-05": {"sms": usage(5 * USD)},
    }
    found = spending(days, 20 * USD, "2026-11-24")
    assert found.month_micros == 5 * USD
    assert found.last_month_so_far_micros == 4 * USD
    assert found.last_month_micros == 13 * USD
    assert found.change == pytest.approx(0.25)
    assert first_needed("2026-11-24") == "2026-10-01"
    assert first_needed("2026-03-31") == "2026-02-01"


def test_the_balance_lasts_as_long_as_the_pace_of_two_weeks_lets_it() -> None:
    days = {f"2026-11-{day:02d}": {"sms": usage(2 * USD)} for day in range(1, 25)}
    assert spending(days, 21 * USD, "2026-11-24").lasts_until == "2026-12-04"
    assert spending(days, 0, "2026-11-24").lasts_until is None
    assert spending({}, 21 * USD, "2026-11-24").lasts_until is None
    young = {"2026-11-22": {"sms": usage(3 * USD)}, "2026-11-24": {"sms": usage(99 * USD)}}
    assert spending(young, 15 * USD, "2026-11-24").pace_micros == 3 * USD // 2


def test_the_end_of_march_is_compared_with_the_end_of_february() -> None:
    days = {"2026-02-28": {"sms": usage(USD)}}
    assert spending(days, 0, "2026-03-31").last_month_so_far_micros == USD


@given(COLORS)
def test_any_brand_colour_is_legible_in_light_and_dark(chosen: color.Rgb) -> None:
    for behind in (color.LIGHT_BEHIND, color.DARK_BEHIND):
        shown = color.legible(chosen, behind)
        assert color.contrast(shown, behind) >= color.TEXT_CONTRAST
        assert color.contrast(color.text_on(shown), shown) >= color.TEXT_CONTRAST


def test_a_colour_that_is_legible_stays_as_it_is() -> None:
    assert color.legible(color.parse("#24405f"), color.LIGHT_BEHIND) == color.parse("#24405f")
    assert color.write(color.parse("#24405f")) == "#24405f"
