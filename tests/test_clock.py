"""Moments are written as the API and the tables do, and read back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.clock import EPOCH, LAST_MS, day_of, end_of_month_ms, from_ms, iso, month_of, next_month_ms, parse_iso

MOMENTS = some.integers(parse_iso("0001-01-01T00:00:00Z"), LAST_MS)


@given(MOMENTS)
def test_a_moment_is_read_back_and_begins_with_its_day_and_month(moment_ms: int) -> None:
    written = iso(moment_ms)
    assert parse_iso(written) == moment_ms
    assert datetime.fromisoformat(written) == from_ms(moment_ms)
    assert written.startswith(f"{day_of(moment_ms)}T")
    assert written.startswith(f"{month_of(moment_ms)}-")


@given(MOMENTS, MOMENTS)
def test_written_moments_sort_as_they_follow_each_other(one_ms: int, other_ms: int) -> None:
    assert (iso(one_ms) < iso(other_ms)) == (one_ms < other_ms)


@pytest.mark.parametrize(
    ("moment_ms", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_796_012_345_678, "2026-11-30T04:19:05.678Z"),
    ],
)
def test_a_moment_is_written_with_its_milliseconds(moment_ms: int, written: str) -> None:
    assert iso(moment_ms) == written


@given(some.integers(0, LAST_MS - 32 * 24 * 3600 * 1000))
def test_the_next_month_begins_where_this_one_ends(moment_ms: int) -> None:
    begins_ms = next_month_ms(moment_ms)
    assert begins_ms == end_of_month_ms(month_of(moment_ms)) > moment_ms
    assert month_of(begins_ms - 1) == month_of(moment_ms)
    first = EPOCH.astimezone(UTC).replace(year=from_ms(begins_ms).year, month=from_ms(begins_ms).month)
    assert from_ms(begins_ms) == first
