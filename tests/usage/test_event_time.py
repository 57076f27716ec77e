"""Times as RFC 3339 writes them."""

import contextlib
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clock import to_ms
from chalicelib.usage.event_time import InvalidTime, parse_time


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-11-23T20:41:05.120Z", "2026-11-23T20:41:05.120Z"),
        ("2026-11-23T20:41:05Z", "2026-11-23T20:41:05.000Z"),
        ("2026-11-23T20:41:05.1Z", "2026-11-23T20:41:05.100Z"),
        ("2026-11-23t20:41:05.120z", "2026-11-23T20:41:05.120Z"),
        ("2026-11-23T20:41:05+00:00", "2026-11-23T20:41:05.000Z"),
        ("2026-11-23T20:41:05-00:00", "2026-11-23T20:41:05.000Z"),
        ("2026-11-24T02:11:05.120+05:30", "2026-11-23T20:41:05.120Z"),
        ("2026-11-23T20:41:05.120-12:00", "2026-11-24T08:41:05.120Z"),
        # Finer than a millisecond: cut, so that a day's last moment stays that day's.
        ("2026-11-23T23:59:59.9999999Z", "2026-11-23T23:59:59.999Z"),
        ("2026-11-23T23:59:59.999999999999999999999Z", "2026-11-23T23:59:59.999Z"),
        ("2026-11-23T20:41:05.120999+00:00", "2026-11-23T20:41:05.120Z"),
        # Leap seconds.
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
        ("2016-12-31T23:59:60.250Z", "2016-12-31T23:59:59.250Z"),
        ("2017-01-01T05:29:60.5+05:30", "2016-12-31T23:59:59.500Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_read_to_the_millisecond(text: str, read: str) -> None:
    assert parse_time(text) == to_ms(datetime.fromisoformat(read))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_beyond_what_calendars_hold_is_still_a_number(text: str) -> None:
    assert isinstance(parse_time(text), int)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-23",
        "2026-11-23T20:41:05",
        "2026-11-23T20:41:05.120",
        "2026-11-23T20:41Z",
        "2026-11-23 20:41:05Z",
        "20261123T204105Z",
        "2026-W48-1T20:41:05Z",
        "2026-11-23T20:41:05,120Z",
        "2026-11-23T20:41:05.Z",
        "2026-11-23T20:41:05.12xZ",
        "2026-11-23T20:41:05.120ZZ",
        "2026-11-23T20:41:05.120Z\n",
        " 2026-11-23T20:41:05.120Z",
        "2026-11-23T20:41:05.120+0530",
        "2026-11-23T20:41:05.120+05",
        "2026-11-23T20:41:05.120+24:00",
        "2026-11-23T20:41:05.120+05:60",
        "2026-11-23T20:41:61Z",
        "2026-11-23T20:41:60Z",
        "2016-12-31T23:59:60+01:00",
        "2026-11-23T24:00:00Z",
        "2026-11-23T20:60:05Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-10T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "-2026-11-23T20:41:05Z",
        "2026-11-23T20:41:٠5.120Z",
        "٢٠٢٦-11-23T20:41:05.120Z",
        "2026-11-23T+1:41:05.120Z",
        "2026-11-23T20:41: 5.120Z",
        "\ud800",
    ],
)
def test_what_is_no_time_with_a_zone_is_refused(text: str) -> None:
    with pytest.raises(InvalidTime):
        parse_time(text)


@given(
    moment=st.datetimes(
        min_value=datetime(1, 1, 2),  # noqa: DTZ001 - the zone is drawn beside it
        max_value=datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
)
def test_every_time_that_python_writes_is_read_as_it_was(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == to_ms(moment)


@given(st.text(alphabet=st.sampled_from("0123456789TtZz:.+-, \ud800٣W"), max_size=40))
def test_whatever_the_text_it_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidTime):
        assert isinstance(parse_time(text), int)
