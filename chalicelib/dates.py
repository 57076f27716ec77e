"""Read the days and times in requests. Pure.

Callers often send the first or last day of the calendar to mean "no limit". Nothing is stored before `EARLIEST_MS` or
after `LATEST_MS`, so a time beyond them is replaced by the nearer one: the answer is the same, and adding years cannot
overflow.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

from msgspec import Meta

from chalicelib.clock import day_of, to_ms
from chalicelib.http_input import InvalidRequest

DAY_MS: Final = 24 * 60 * 60 * 1000
EARLIEST_MS: Final = to_ms(datetime(1980, 1, 1, tzinfo=UTC))
LATEST_MS: Final = to_ms(datetime(9990, 1, 1, tzinfo=UTC))

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Day = Annotated[
    str,
    Meta(
        max_length=10,
        description="A day in UTC.",
        examples=["2026-11-23"],
        extra_json_schema={"format": "date"},
    ),
]
"""A day in a request; `read_day` reads it."""

Moment = Annotated[
    str,
    Meta(
        max_length=40,
        description="A time with a zone, or a day in UTC. `from` is included; `to` is not, but a day is whole.",
        examples=["2026-11-01", "2026-11-23T20:41:05.120Z"],
    ),
]
"""The beginning or the end of a span in a request; `read_start` and `read_end` read it."""


def read_day(text: str, field: str) -> str:
    """Read a day, and return it as it is stored: `2026-11-23`. Raises InvalidRequest, which names the field."""
    return day_of(_within(_start_of_day(text, field)))


def read_start(text: str, field: str) -> int:
    """Read the beginning of a span, in milliseconds since 1970; a day begins at midnight. Raises InvalidRequest."""
    return _within(_start_of_day(text, field) if _DAY.fullmatch(text) else _moment(text, field))


def read_end(text: str, field: str) -> int:
    """Read the exclusive end of a span, in milliseconds since 1970; a day is included. Raises InvalidRequest."""
    return _within(_start_of_day(text, field) + DAY_MS if _DAY.fullmatch(text) else _moment(text, field))


def _within(moment_ms: int) -> int:
    return min(max(moment_ms, EARLIEST_MS), LATEST_MS)


def _start_of_day(text: str, field: str) -> int:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{field}: {text[:40]!r} is not a day such as 2026-11-23", field=field) from None
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _moment(text: str, field: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{field}: {text[:40]!r} is neither a day nor a time", field=field) from None
    if moment.tzinfo is None:
        raise InvalidRequest(f"{field}: the time needs a zone, such as Z", field=field)
    return to_ms(moment)
