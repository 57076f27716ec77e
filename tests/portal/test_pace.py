"""How fast a wallet is used, and what that leads to: pure rules."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.money import round_estimate
from chalicelib.portal.forecast import (
    AutoPayTerms,
    MonthForecast,
    Refill,
    Runway,
    forecast_month,
    next_refill,
    runway,
    suggest_low_balance,
    suggest_threshold,
)
from chalicelib.portal.pace import Pace, mean, measure_pace, median
from chalicelib.portal.spending import day_figures, first_needed, spending

USD = 1_000_000
TODAY = "2026-11-24"
"""A Tuesday."""


def back(days: int) -> str:
    return (date.fromisoformat(TODAY) - timedelta(days=days)).isoformat()


def steady(days: int, micros: int = 2 * USD) -> dict[str, int]:
    return {back(number): micros for number in range(1, days + 1)}


def pace_of(totals: dict[str, int]) -> Pace:
    return measure_pace(totals, TODAY)


def test_a_steady_wallet_has_its_daily_use_as_its_pace() -> None:
    pace = pace_of(steady(60))
    assert (pace.full_days, pace.by_weekday, pace.typical_micros) == (28, (2 * USD,) * 7, 2 * USD)


def test_a_new_account_is_measured_from_its_first_usage_and_today_is_no_full_day() -> None:
    pace = pace_of({back(2): 3 * USD, TODAY: 99 * USD})
    assert (pace.full_days, pace.by_weekday[0], pace.today_micros) == (2, 3 * USD // 2, 99 * USD)
    first_day = pace_of({TODAY: 5 * USD})
    assert not first_day.is_known
    assert first_day.today_micros == 5 * USD
    assert forecast_month({TODAY: 5 * USD}, first_day, TODAY) is None
    assert runway(first_day, 100 * USD, TODAY) is None


def test_nothing_used_has_no_pace() -> None:
    assert not pace_of({}).is_known
    assert not pace_of({back(40): USD}).is_known


def test_one_large_day_counts_as_the_second_largest() -> None:
    assert pace_of({**steady(28), back(5): 500 * USD}) == pace_of(steady(28))
    two_days = pace_of({back(9): 500 * USD, back(3): USD})
    assert two_days.by_weekday[0] == mean([500 * USD, *[0] * 5, USD, 0, 0])


def test_weekdays_are_told_apart_from_two_weeks_on() -> None:
    """Nothing is used at weekends."""
    work = {day: 7 * USD for day in steady(28) if date.fromisoformat(day).weekday() < 5}
    assert pace_of(work).by_weekday == (7 * USD,) * 5 + (0, 0)
    assert pace_of(work).typical_micros == 7 * USD
    week = {day: micros for day, micros in work.items() if day >= back(10)}
    assert len(set(pace_of(week).by_weekday)) == 1


def test_the_month_is_what_was_used_and_what_is_expected_of_the_rest_of_it() -> None:
    totals = {**steady(28), TODAY: USD // 2}
    assert forecast_month(totals, pace_of(totals), TODAY) == MonthForecast(
        23 * 2 * USD + 2 * USD + 6 * 2 * USD, "2026-11-30"
    )
    busy = {**steady(28), TODAY: 9 * USD}
    found = forecast_month(busy, pace_of(busy), TODAY)
    assert found is not None
    assert found.micros == 23 * 2 * USD + 9 * USD + 6 * 2 * USD


def test_a_forecast_knows_the_weekends() -> None:
    """From Tuesday the 24th to Monday the 30th there are five more days of work, with today."""
    work = {day: 7 * USD for day in steady(28) if date.fromisoformat(day).weekday() < 5}
    found = forecast_month(work, pace_of(work), TODAY)
    assert found is not None
    assert found.micros == sum(micros for day, micros in work.items() if day >= "2026-11-01") + 5 * 7 * USD


def test_the_last_day_of_a_month_expects_only_its_own_rest() -> None:
    totals = {f"2026-11-{day:02d}": USD for day in range(1, 30)}
    found = forecast_month(totals, measure_pace(totals, "2026-11-30"), "2026-11-30")
    assert found == MonthForecast(30 * USD, "2026-11-30")


def test_a_balance_lasts_as_long_as_the_pace_lets_it() -> None:
    pace = pace_of(steady(28))
    assert runway(pace, 2 * USD, TODAY) == Runway(0, TODAY)
    assert runway(pace, 2 * USD + 1, TODAY) == Runway(1, back(-1))
    assert runway(pace, 14 * USD, TODAY) == Runway(6, "2026-11-30")
    assert runway(pace, 0, TODAY) is None
    assert runway(pace, 10_000 * USD, TODAY) is None
    spent = pace_of({**steady(28), TODAY: 50 * USD})
    assert runway(spent, 2 * USD, TODAY) == Runway(1, back(-1))


@given(some.integers(1, 10**9), some.integers(1, 10**9))
def test_a_larger_balance_never_runs_out_earlier(one: int, more: int) -> None:
    pace = pace_of(steady(9, 3 * USD))
    first, second = runway(pace, one, TODAY), runway(pace, one + more, TODAY)
    assert second is None or (first is not None and first.days <= second.days)


def test_auto_pay_refills_when_the_balance_falls_below_the_threshold() -> None:
    pace = pace_of(steady(28))
    terms = AutoPayTerms(10 * USD, 50 * USD, None)
    assert next_refill(pace, 16 * USD, terms, TODAY) == Refill("2026-11-27", 50 * USD, is_within_limit=True)
    assert next_refill(pace, 15 * USD, terms, TODAY) == Refill("2026-11-26", 50 * USD, is_within_limit=True)
    assert next_refill(pace, 9 * USD, terms, TODAY) == Refill(TODAY, 50 * USD, is_within_limit=True, is_today=True)
    assert next_refill(pace, 10_000 * USD, terms, TODAY) is None


def test_a_refill_that_the_monthly_limit_leaves_no_room_for_comes_in_the_next_month_or_not_at_all() -> None:
    pace = pace_of(steady(28))
    terms = AutoPayTerms(10 * USD, 50 * USD, 49 * USD)
    now = next_refill(pace, 16 * USD, terms, TODAY)
    later = next_refill(pace, 40 * USD, terms, TODAY)
    assert now is not None
    assert not now.is_within_limit
    assert later is not None
    assert later.is_within_limit


@pytest.mark.parametrize(
    ("typical", "suggested"), [(17_200_000, 20), (20_000_000, 25), (300_000, 1), (99_000_000, 100), (100_000_000, 150)]
)
def test_a_threshold_is_suggested_just_above_a_typical_day(typical: int, suggested: int) -> None:
    pace = pace_of(steady(28, typical))
    assert suggest_threshold(pace, 0) == suggested * USD
    assert suggest_threshold(pace, typical) == suggested * USD
    assert suggest_threshold(pace, typical + 1) is None


def test_no_threshold_is_suggested_from_too_little() -> None:
    assert suggest_threshold(pace_of(steady(2)), 0) is None
    assert suggest_threshold(pace_of({}), 0) is None


@pytest.mark.parametrize(("typical", "suggested"), [(5_000_000, 20), (4_900_000, 15), (300_000, 1), (34_000_000, 150)])
def test_an_amount_is_suggested_that_lasts_for_three_typical_days(typical: int, suggested: int) -> None:
    assert suggest_low_balance(pace_of(steady(28, typical))) == suggested * USD
    assert suggest_low_balance(pace_of(steady(2, typical))) is None
    assert suggest_low_balance(pace_of({})) is None


@pytest.mark.parametrize(
    ("micros", "currency", "rounded"),
    [
        (412_345_678, "usd", 412_000_000),
        (4_126_000, "usd", 4_130_000),
        (1, "usd", 10_000),
        (0, "usd", 0),
        (1_234_560_000, "jpy", 1_230_000_000),
        (730_400_000, "jpy", 730_000_000),
    ],
)
def test_an_estimate_has_three_digits_and_no_less_than_the_smallest_unit(
    micros: int, currency: str, rounded: int
) -> None:
    assert round_estimate(micros, currency) == rounded


def test_the_median_is_the_middle() -> None:
    assert (median([]), median([5]), median([9, 1, 5]), median([1, 2, 4, 9])) == (0, 5, 5, 3)


def test_the_figures_of_a_period_are_of_its_full_days_since_the_first_usage() -> None:
    totals = {back(5): 4 * USD, back(2): 8 * USD, TODAY: 100 * USD}
    found = day_figures(totals, back(29), TODAY, TODAY)
    assert (found.full_days, found.average_micros, found.median_micros) == (5, 12 * USD // 5, 0)
    assert (found.busiest, found.busiest_micros) == (TODAY, 100 * USD)
    older = day_figures({**totals, back(40): USD}, back(29), TODAY, TODAY)
    assert older.full_days == 29
    past = day_figures(totals, back(5), back(2), TODAY)
    assert (past.full_days, past.average_micros) == (4, 3 * USD)
    only_today = day_figures({TODAY: USD}, TODAY, TODAY, TODAY)
    assert (only_today.full_days, only_today.busiest) == (0, TODAY)
    assert day_figures({}, back(6), TODAY, TODAY).busiest is None


def days(totals: dict[str, int]) -> Days:
    return {day: {"sms": Usage(USD, micros, 1)} for day, micros in totals.items()}


def test_the_month_is_compared_with_the_same_days_of_the_last() -> None:
    used = days({"2026-10-10": 4 * USD, "2026-10-31": 9 * USD, "2026-11-05": 5 * USD})
    found = spending(used, TODAY, balance_micros=20 * USD, floor_micros=0, auto_pay=None)
    assert (found.month_micros, found.last_month_so_far_micros, found.last_month_micros) == (5 * USD, 4 * USD, 13 * USD)
    assert found.change == pytest.approx(0.25)
    assert first_needed(TODAY) == "2026-10-01"
    assert first_needed("2026-03-31") == "2026-02-01"
    assert first_needed("2026-03-01") == "2026-02-01"


def test_the_end_of_march_is_compared_with_the_end_of_february() -> None:
    found = spending(days({"2026-02-28": USD}), "2026-03-31", balance_micros=0, floor_micros=0, auto_pay=None)
    assert found.last_month_so_far_micros == USD


def test_an_overdraft_is_used_before_access_ends() -> None:
    used = days(steady(28))
    found = spending(used, TODAY, balance_micros=4 * USD, floor_micros=-10 * USD, auto_pay=None)
    assert found.runway == Runway(6, "2026-11-30")
