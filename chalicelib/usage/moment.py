"""Read the times of events: RFC 3339, cut to milliseconds. Pure."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from chalicelib.clock import to_ms

MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS

_MINUTE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):", re.ASCII)
_TIME: Final = re.compile(
    r"(?P<minute>.{17})(?P<second>[0-5]\d|60)(?:\.(?P<fraction>\d+))?(?P<zone>[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)

_SECONDS_MS: Final = {f"{second:02d}.": second * 1000 for second in range(60)}
_MILLISECONDS: Final = {f"{millisecond:03d}Z": millisecond for millisecond in range(1000)}


class InvalidTime(Exception):
    """A text that is not a time with a zone as RFC 3339 writes it."""


def parse_moment(text: str) -> int:
    """Read a time as milliseconds since 1970; what is finer is cut off. Raises InvalidTime.

    The usual form, `2026-11-23T20:41:05.120Z`, is looked up by its pieces: this runs for every event.
    """
    try:
        return _minute_ms(text[:17]) + _SECONDS_MS[text[17:20]] + _MILLISECONDS[text[20:]]
    except KeyError:
        return _parse_any(text)


@lru_cache(maxsize=4096)
def _minute_ms(text: str) -> int:
    """Read `2026-11-23T20:41:` in UTC. Raises InvalidTime."""
    found = _MINUTE.fullmatch(text)
    try:
        if found:
            year, month, day, hour, minute = map(int, found.groups())
            return to_ms(datetime(year, month, day, hour, minute, tzinfo=UTC))
    except ValueError:  # such as the 30th of February
        pass
    raise InvalidTime


def _parse_any(text: str) -> int:
    found = _TIME.fullmatch(text)
    if not found:
        raise InvalidTime
    minute_ms = _minute_ms(found["minute"]) - _offset_ms(found["zone"])
    second = int(found["second"])
    if second == 60:
        # A leap second ends a day in UTC. We count as most clocks do: it is the second before once more.
        if minute_ms % DAY_MS != DAY_MS - MINUTE_MS:
            raise InvalidTime
        second = 59
    return minute_ms + second * 1000 + int((found["fraction"] or "")[:3].ljust(3, "0"))


def _offset_ms(zone: str) -> int:
    if zone in {"Z", "z"}:
        return 0
    offset_ms = (int(zone[1:3]) * 60 + int(zone[4:6])) * MINUTE_MS
    return offset_ms if zone[0] == "+" else -offset_ms
