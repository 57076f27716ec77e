"""Periods by anchor, against a calendar that was filled in by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clock import from_ms, parse_iso
from chalicelib.subscriptions.period import first_period, months_after, next_period
from chalicelib.subscriptions.subscription import Contents, Prices, Terms

AGENCY = (Contents("agency"), Prices(97_000_000))


def at(day: str) -> int:
    return parse_iso(f"{day}T10:30:15.250Z")


def days(start: str, months: int, periods: int) -> list[str]:
    """Return the starts of so many periods."""
    terms = first_period(*AGENCY, at(start), months)
    found = [terms]
    while len(found) < periods:
        found.append(next_period(found[-1], *AGENCY, months))
    return [from_ms(each.period_start_ms).strftime("%Y-%m-%d") for each in found]


@pytest.mark.parametrize(
    ("start", "months", "starts"),
    [
        ("2027-01-15", 1, "2027-01-15 2027-02-15 2027-03-15 2027-04-15"),
        ("2027-01-28", 1, "2027-01-28 2027-02-28 2027-03-28 2027-04-28"),
        ("2027-01-29", 1, "2027-01-29 2027-02-28 2027-03-29 2027-04-29"),
        ("2027-01-30", 1, "2027-01-30 2027-02-28 2027-03-30 2027-04-30"),
        ("2027-01-31", 1, "2027-01-31 2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30 2027-07-31"),
        ("2028-01-29", 1, "2028-01-29 2028-02-29 2028-03-29"),
        ("2028-01-30", 1, "2028-01-30 2028-02-29 2028-03-30"),
        ("2028-01-31", 1, "2028-01-31 2028-02-29 2028-03-31"),
        ("2028-02-29", 1, "2028-02-29 2028-03-29 2028-04-29"),
        ("2027-02-28", 1, "2027-02-28 2027-03-28 2027-04-28"),
        ("2027-11-30", 1, "2027-11-30 2027-12-30 2028-01-30 2028-02-29 2028-03-30"),
        ("2027-12-31", 1, "2027-12-31 2028-01-31 2028-02-29 2028-03-31"),
        ("2028-02-29", 12, "2028-02-29 2029-02-28 2030-02-28 2031-02-28 2032-02-29"),
        ("2027-08-31", 12, "2027-08-31 2028-08-31 2029-08-31"),
        ("2096-02-29", 12, "2096-02-29 2097-02-28 2098-02-28 2099-02-28 2100-02-28 2101-02-28"),
    ],
)
def test_periods_follow_the_day_of_the_anchor(start: str, months: int, starts: str) -> None:
    assert days(start, months, len(starts.split())) == starts.split()


def test_periods_keep_the_time_of_day_of_the_anchor_to_the_millisecond() -> None:
    assert from_ms(months_after(at("2027-01-31"), 1)).isoformat() == "2027-02-28T10:30:15.250000+00:00"


def test_another_interval_goes_on_from_the_same_anchor() -> None:
    """31 January monthly, yearly from 28 February, monthly again a year later: the 31st is never forgotten."""
    terms = first_period(*AGENCY, at("2027-01-31"), 1)
    yearly = next_period(terms, *AGENCY, 12)
    monthly = next_period(yearly, *AGENCY, 1)
    assert [from_ms(each.period_end_ms).strftime("%Y-%m-%d") for each in (terms, yearly, monthly)] == [
        *("2027-02-28", "2028-02-29", "2028-03-31"),
    ]


def test_periods_that_passed_unpaid_as_a_whole_are_left_out_when_it_is_resumed() -> None:
    owed = next_period(first_period(*AGENCY, at("2027-01-31"), 1), *AGENCY, 1)
    resumed = next_period(owed, *AGENCY, 1, resumed_at_ms=at("2027-07-10"))
    assert (resumed.period_start_ms, resumed.period_end_ms) == (at("2027-06-30"), at("2027-07-31"))
    at_once = next_period(owed, *AGENCY, 1, resumed_at_ms=at("2027-03-20"))
    assert at_once.period_start_ms == owed.period_end_ms


@given(
    st.datetimes(min_value=from_ms(0).replace(tzinfo=None), max_value=from_ms(at("2099-01-01")).replace(tzinfo=None)),
    st.lists(st.sampled_from([1, 12]), min_size=1, max_size=40),
)
def test_periods_lie_end_to_end_and_never_drift_from_the_anchor(start: object, intervals: list[int]) -> None:
    anchor_ms = parse_iso(f"{start.isoformat(timespec='milliseconds')}+00:00")  # type: ignore[attr-defined]
    terms: Terms = first_period(*AGENCY, anchor_ms, intervals[0])
    for months in intervals[1:]:
        following = next_period(terms, *AGENCY, months)
        assert following.period_start_ms == terms.period_end_ms < following.period_end_ms
        terms = following
    anchor, end = from_ms(anchor_ms), from_ms(terms.period_end_ms)
    assert end.time() == anchor.time()
    assert end.day == anchor.day or (end.day < anchor.day and from_ms(terms.period_end_ms + 86_400_000).day == 1)
    months_passed = (end.year - anchor.year) * 12 + end.month - anchor.month
    assert months_passed == sum(intervals)
