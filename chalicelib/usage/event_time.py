"""Read the times of events: RFC 3339, truncated to milliseconds. Pure."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from chalicelib.clock import to_ms

MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS

_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(?P<second>[0-5]\d|60)(?:\.(?P<fraction>\d+))?"
    r"(?P<zone>[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_MILLISECONDS: Final = {f"{millisecond:03d}Z": millisecond for millisecond in range(1000)}


class InvalidTime(Exception):
    """Not an RFC 3339 time with a zone."""


def parse_time(text: str) -> int:
    """Read a time as milliseconds since 1970, truncated. Raises InvalidTime.

    The usual form, `2026-11-23T20:41:05.120Z`, is looked up in two parts, because this runs for every event.
    """
    milliseconds = _MILLISECONDS.get(text[20:])
    return _parse(text) if milliseconds is None else _second_ms(text[:20]) + milliseconds


@lru_cache(maxsize=4096)
def _second_ms(text: str) -> int:
    """Read `2026-11-23T20:41:05.` in UTC. Raises InvalidTime."""
    return _parse(f"{text}0Z")


def _parse(text: str) -> int:
    found = _TIME.fullmatch(text)
    if not found:
        raise InvalidTime
    try:
        year, month, day, hour, minute = map(int, found.group(1, 2, 3, 4, 5))
        minute_ms = to_ms(datetime(year, month, day, hour, minute, tzinfo=UTC)) - _offset_ms(found["zone"])
    except ValueError:  # such as the 30th of February
        raise InvalidTime from None
    second = int(found["second"])
    if second == 60:
        # A leap second ends a day in UTC. Like most clocks, we count the second before it twice.
        if minute_ms % DAY_MS != DAY_MS - MINUTE_MS:
            raise InvalidTime
        second = 59
    return minute_ms + second * 1000 + int((found["fraction"] or "")[:3].ljust(3, "0"))


def _offset_ms(zone: str) -> int:
    if zone in {"Z", "z"}:
        return 0
    offset_ms = (int(zone[1:3]) * 60 + int(zone[4:6])) * MINUTE_MS
    return offset_ms if zone[0] == "+" else -offset_ms
