"""The chart and the colours: pure rules."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.daily_usage import Usage
from chalicelib.portal import chart, color
from chalicelib.portal.render import STATIC

USD = 1_000_000
CATALOG = ["sms", "voice", "email"]
METERS = [*CATALOG, "unknown", "other"]
COLOR_OF = {"sms": 0, "voice": 1, "email": 2, **{meter: chart.color_of(meter, []) for meter in METERS[3:]}}
COLORS = some.tuples(*[some.integers(0, 255)] * 3)


def usage(micros: int, count: int = 1) -> Usage:
    return Usage(count * USD, micros, count)


BOX = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z")


def boxes(path: str) -> list[tuple[int, ...]]:
    """Return x, y, width and height of each bar of a path, which has nothing but bars."""
    assert BOX.sub("", path) == ""
    return [tuple(map(int, found)) for found in BOX.findall(path)]


def test_bars_stand_on_each_other_and_add_up() -> None:
    days = {"2026-11-01": {"sms": usage(3 * USD), "voice": usage(5 * USD)}, "2026-11-03": {"sms": usage(2 * USD)}}
    made = chart.build(days, "2026-11-01", "2026-11-03", ["voice", "sms"])
    assert [(each.meter, each.total_micros) for each in made.series] == [("voice", 5 * USD), ("sms", 5 * USD)]
    assert made.total_micros == 10 * USD
    assert made.scale == [8 * USD, 4 * USD, 0]
    ((x, y, _, height),) = boxes(made.series[0].path)
    below, later = boxes(made.series[1].path)
    assert y + height == chart.BASE
    assert below[1] + below[3] == y
    assert below[0] == x < later[0]
    assert [slot.day for slot in made.slots] == made.named_days == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert [(place, slot.day, slot.amounts) for place, slot in made.rows] == [
        (2, "2026-11-03", [0, 2 * USD]),
        (0, "2026-11-01", [5 * USD, 3 * USD]),
    ]


@pytest.mark.parametrize(
    ("largest", "top"), [(22, 30), (30, 30), (31, 40), (61, 80), (81, 100), (101, 200), (201, 300)]
)
def test_the_highest_line_is_the_next_round_amount(largest: int, top: int) -> None:
    made = chart.build({"2026-11-01": {"sms": usage(largest * USD)}}, "2026-11-01", "2026-11-01", [])
    assert made.scale == [top * USD, top * USD // 2, 0]


def test_a_bar_may_stand_for_a_month() -> None:
    days = {"2025-12-31": {"sms": usage(USD)}, "2026-02-01": {"sms": usage(2 * USD)}, "2026-02-03": {"sms": usage(USD)}}
    made = chart.build(days, "2025-12-15", "2026-02-03", ["sms"], "month")
    assert [(slot.day, slot.total_micros) for slot in made.slots] == [
        ("2025-12-01", USD),
        ("2026-01-01", 0),
        ("2026-02-01", 3 * USD),
    ]
    assert made.named_days == ["2025-12-01", "2026-01-01", "2026-02-01"]


def test_what_cost_nothing_is_not_in_the_chart() -> None:
    made = chart.build({"2026-11-01": {"free": usage(0), "sms": usage(USD)}}, "2026-11-01", "2026-11-01", ["free"])
    assert [each.meter for each in made.series] == ["sms"]


@given(some.sets(some.sampled_from(METERS), min_size=1), some.integers(1, 20))
def test_a_meter_has_one_colour_whatever_else_is_shown(chosen: set[str], number: int) -> None:
    """Filters and periods change what is shown; a meter that the catalog lacks keeps its colour, too."""
    days = {day: {meter: usage(USD) for meter in chosen} for day in chart.days_between("2026-11-01", "2026-11-20")}
    found = {
        each.meter: each.color for each in chart.build(days, f"2026-11-{number:02d}", "2026-11-20", CATALOG).series
    }
    assert found == {meter: COLOR_OF[meter] for meter in chosen}


@pytest.mark.parametrize(
    ("last", "named"),
    [
        ("2026-11-01", ["01"]),
        ("2026-11-02", ["01", "02"]),
        ("2026-11-03", ["01", "02", "03"]),
        ("2026-11-07", ["01", "03", "05", "07"]),
        ("2026-11-12", ["01", "12"]),
        ("2026-11-28", ["01", "10", "19", "28"]),
        ("2026-11-29", ["01", "08", "15", "22", "29"]),
        ("2026-11-30", ["01", "08", "15", "23", "30"]),
    ],
)
def test_the_named_days_are_at_equal_distances_where_they_can_be(last: str, named: list[str]) -> None:
    made = chart.build({}, "2026-11-01", last, CATALOG)
    assert [day[-2:] for day in made.named_days] == named


def test_no_two_meters_of_the_catalog_share_a_colour() -> None:
    meters = list(catalog().meters)
    assert len({chart.color_of(meter, meters) for meter in meters}) == len(meters) <= chart.COLORS


@pytest.mark.parametrize(("theme", "behind"), [("light", color.LIGHT_SURFACE), ("dark", color.DARK_SURFACE)])
def test_each_colour_of_the_chart_can_be_seen_and_told_from_the_others(theme: str, behind: color.Rgb) -> None:
    """Contrast as WCAG 2.2 requires it of graphics (1.4.11)."""
    sheet = (STATIC / "chart.css").read_text()
    light, _, dark = sheet.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--(m\d+): (#[0-9a-f]{6})", light if theme == "light" else dark))
    assert list(found) == [f"m{number}" for number in range(chart.COLORS)]
    for name, text in found.items():
        assert f".{name} {{ fill: var(--{name}); }}" in sheet
        assert color.contrast(color.parse(text), behind) >= 3
    seen = [color.parse(text) for text in found.values()]
    for place, one in enumerate(seen):
        for other in seen[place + 1 :]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) > 40**2


@given(some.lists(some.integers(0, 10**12), min_size=1, max_size=40))
def test_no_bar_leaves_the_chart(amounts: list[int]) -> None:
    span = chart.days_between("2026-01-01", "2026-12-31")[: len(amounts)]
    days = {day: dict.fromkeys(METERS, usage(amount)) for day, amount in zip(span, amounts, strict=True) if amount}
    made = chart.build(days, span[0], span[-1], [])
    for x, y, width, height in [box for each in made.series for box in boxes(each.path)]:
        assert 0 <= x <= x + width <= made.width
        assert 0 <= y <= y + height <= chart.BASE


@given(COLORS)
def test_any_brand_colour_is_legible_in_light_and_dark(chosen: color.Rgb) -> None:
    for behind in (color.LIGHT_BEHIND, color.DARK_BEHIND):
        shown = color.legible(chosen, behind)
        assert color.contrast(shown, behind) >= color.TEXT_CONTRAST
        assert color.contrast(color.text_on(shown), shown) >= color.TEXT_CONTRAST


def test_a_colour_that_is_legible_stays_as_it_is() -> None:
    assert color.legible(color.parse("#24405f"), color.LIGHT_BEHIND) == color.parse("#24405f")
    assert color.write(color.parse("#24405f")) == "#24405f"
