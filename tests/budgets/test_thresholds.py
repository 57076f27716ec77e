"""What counts, when a threshold is told, and when a budget closes: the rules alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.budgets.budget import MOST_BUDGETS, PERCENTS, Budget, Budgets, TooManyBudgets
from chalicelib.budgets.spending import days_needed, span_of, spent_micros
from chalicelib.budgets.thresholds import (
    closing_budgets,
    evaluate_thresholds,
    find_closed,
    is_closed,
    may_tell,
    reached_percent,
)
from chalicelib.clock import DAY_MS, iso, parse_iso
from chalicelib.ledger.daily_usage import Days, Usage
from tests.budgets.build import budget, budgets

NOON = parse_iso("2026-11-30T12:00:00.000Z")
TOMORROW = parse_iso("2026-12-01T00:00:00.000Z")


def used(dollars: float, day: str = "2026-11-30", meter: str = "sms") -> Days:
    return {day: {meter: Usage(0, round(dollars * 1_000_000), 1)}}


def told(found: Budgets) -> list[int | None]:
    return [each.told.percent if each.told else None for each in found.budgets]


def evaluate(given: Budget, dollars: float, now_ms: int = NOON, day: str = "2026-11-30") -> Budget:
    return evaluate_thresholds(budgets(given), used(dollars, day), now_ms).budgets[0]


def test_periods_are_days_and_months_of_utc() -> None:
    day, month = span_of("day", NOON), span_of("month", NOON)
    assert (day.name, day.first_day, day.last_day, iso(day.ends_at_ms)) == (
        *["2026-11-30"] * 3,
        "2026-12-01T00:00:00.000Z",
    )
    assert (month.name, month.first_day, month.last_day) == ("2026-11", "2026-11-01", "2026-11-30")
    assert month.ends_at_ms == TOMORROW
    assert span_of("month", TOMORROW - 1) == month
    assert span_of("month", TOMORROW).name == "2026-12"


def test_what_counts_is_the_usage_of_the_period_of_all_meters_or_of_one() -> None:
    days = {**used(1, "2026-10-31"), **used(2, "2026-11-01"), "2026-11-30": {**used(4)["2026-11-30"]}}
    days["2026-11-30"]["email"] = Usage(0, 8_000_000, 1)
    days |= used(16, "2026-12-01")
    found = [
        spent_micros(budget(period=period, meter=meter), days, NOON) // 1_000_000
        for period in ("day", "month")
        for meter in (None, "sms", "email", "voice_minute")
    ]
    assert found == [12, 4, 8, 0, 14, 6, 8, 0]


def test_only_the_days_that_matter_are_needed() -> None:
    assert days_needed([], NOON) is None
    assert days_needed([budget(period="day")], NOON) == ("2026-11-30", "2026-11-30")
    assert days_needed([budget(period="day"), budget()], NOON) == ("2026-11-01", "2026-11-30")


@given(st.integers(1, 10**18), st.integers(0, 10**18))
def test_a_threshold_is_reached_to_the_micro(limit_micros: int, spent: int) -> None:
    expected = [each for each in PERCENTS if spent * 100 >= limit_micros * each]
    assert reached_percent(limit_micros, spent) == (expected[-1] if expected else None)
    assert is_closed(budget(limit_micros=limit_micros, close=True), spent) == (spent >= limit_micros)


@pytest.mark.parametrize(
    ("dollars", "percent"), [(0, None), (49.999999, None), (50, 50), (80, 75), (99.999999, 75), (100, 100), (500, 100)]
)
def test_the_highest_threshold_is_told_with_those_below_it(dollars: float, percent: int | None) -> None:
    assert told(evaluate_thresholds(budgets(budget()), used(dollars), NOON)) == [percent]


def test_each_is_told_once_in_a_period_and_again_in_the_next() -> None:
    half = evaluate(budget(), 60)
    assert evaluate(half, 70) == half
    assert evaluate(half, 40) == half
    three_quarters = evaluate(half, 75)
    assert three_quarters.told is not None
    assert (three_quarters.told.percent, three_quarters.told.spent_micros) == (75, 75_000_000)
    december = evaluate(three_quarters, 55, TOMORROW, "2026-12-01")
    assert december.told is not None
    assert (december.told.percent, december.told.period) == (50, "2026-12")


def test_nothing_to_tell_changes_nothing() -> None:
    given = budgets(evaluate(budget(), 60))
    assert evaluate_thresholds(given, used(60), NOON) is given
    assert evaluate_thresholds(budgets(budget()), {}, NOON).version == 1
    assert evaluate_thresholds(budgets(budget()), used(60), NOON).version == 2


def test_a_changed_limit_has_thresholds_of_its_own() -> None:
    full = evaluate(budget(), 100)
    raised = budget(limit_micros=180_000_000, told=full.told)
    again = evaluate(raised, 100)
    assert again.told is not None
    assert (again.told.percent, again.told.limit_micros) == (50, 180_000_000)


@pytest.mark.parametrize(
    ("changes", "dollars", "percent"),
    [
        ({"tell": (50,)}, 80, 50),
        ({"tell": (50,)}, 100, 50),
        ({"tell": ()}, 100, None),
        ({"tell": (), "close": True}, 99, None),
        ({"tell": (), "close": True}, 100, 100),
    ],
)
def test_what_is_switched_off_is_not_told_but_closing_always_is(
    changes: dict[str, Any], dollars: float, percent: int | None
) -> None:
    assert told(evaluate_thresholds(budgets(budget(**changes)), used(dollars), NOON)) == [percent]


def test_an_account_is_evaluated_only_while_there_is_something_left_to_tell() -> None:
    assert may_tell(budget(), NOON)
    assert not may_tell(budget(tell=()), NOON)
    full = evaluate(budget(), 100)
    assert not may_tell(full, NOON)
    assert may_tell(full, TOMORROW)
    assert may_tell(evaluate(budget(), 80), NOON)


def test_only_budgets_that_close_and_concern_the_meter_may_close_it() -> None:
    whole, sms, tells = budget(close=True), budget(meter="sms", close=True), budget(meter="email")
    given = budgets(whole, sms, tells)
    assert closing_budgets(given, set()) == (whole,)
    assert closing_budgets(given, {"email"}) == (whole,)
    assert closing_budgets(given, {"sms"}) == (whole, sms)


def test_of_several_the_one_that_closes_longest_is_named_and_a_new_period_opens() -> None:
    day = budget(period="day", close=True, limit_micros=1)
    month = budget(close=True, limit_micros=1, meter="sms")
    now_ms = NOON - 10 * DAY_MS
    days = used(1, "2026-11-20")
    closed = find_closed([day, month], days, now_ms)
    assert closed is not None
    assert (closed.budget_id, closed.meter, closed.until_ms) == ("sms.month", "sms", TOMORROW)
    assert find_closed([day], days, now_ms + DAY_MS) is None
    assert find_closed([day, month], days, TOMORROW) is None


def test_there_is_one_budget_for_each_meter_and_period_and_not_too_many() -> None:
    many = Budgets("acme")
    for number in range(MOST_BUDGETS):
        many = many.put(budget(meter=f"meter{number:02d}"))
    with pytest.raises(TooManyBudgets):
        many.put(budget())
    again = many.put(budget(meter="meter00", close=True))
    assert len(again.budgets) == MOST_BUDGETS
    assert again.find("meter00.month") == budget(meter="meter00", close=True)
    assert again.without("meter00.month").put(budget()).budgets[0] == budget()
