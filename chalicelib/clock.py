"""The only code that reads the time. Times are UTC; the ledger counts them in milliseconds since 1970."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import monotonic
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS: Final = 24 * 60 * 60 * 1000
MILLISECOND: Final = timedelta(milliseconds=1)
LAST_MS: Final = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
"""The latest time that can be written."""

DAY_LENGTH: Final = len("2026-11-23")
MONTH_LENGTH: Final = len("2026-11")

_EPOCH_WITHOUT_ZONE: Final = EPOCH.replace(tzinfo=None)
_offset = timedelta()


def now() -> datetime:
    """Return the current time in UTC, in whole milliseconds."""
    moment = datetime.now(UTC) + _offset
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def now_ms() -> int:
    """Return the current time as milliseconds since 1970."""
    return to_ms(now())


def to_ms(moment: datetime) -> int:
    """Return a moment as whole milliseconds since 1970, truncated (never rounded up into the future)."""
    return (moment - EPOCH) // MILLISECOND


def from_ms(moment_ms: int) -> datetime:
    """Return milliseconds since 1970 as a moment in UTC."""
    return EPOCH + timedelta(milliseconds=moment_ms)


def iso(moment_ms: int) -> str:
    """Write a moment as the API and the tables do: `2026-11-23T20:41:05.120Z`."""
    return _without_zone(moment_ms).isoformat(timespec="milliseconds") + "Z"


def _without_zone(moment_ms: int) -> datetime:
    """Return a moment in UTC for writing, which takes twice as long with a zone."""
    return _EPOCH_WITHOUT_ZONE + timedelta(0, moment_ms // 1000, moment_ms % 1000 * 1000)


def parse_iso(text: str) -> int:
    """Read what `iso` wrote, as milliseconds since 1970."""
    return to_ms(datetime.fromisoformat(text))


def day_of(moment_ms: int) -> str:
    """Return the UTC day of a moment: `2026-11-23`."""
    return _without_zone(moment_ms).isoformat()[:DAY_LENGTH]


def month_of(moment_ms: int) -> str:
    """Return the UTC month of a moment: `2026-11`."""
    return _month_of_day(moment_ms // DAY_MS)


@lru_cache(maxsize=1024)
def _month_of_day(day: int) -> str:
    return day_of(day * DAY_MS)[:MONTH_LENGTH]


def end_of_month_ms(month: str) -> int:
    """Return the first moment after a month (`2026-11`, UTC)."""
    first = datetime.fromisoformat(f"{month}-01T00:00:00Z")
    return to_ms((first + timedelta(days=31)).replace(day=1))


def next_month_ms(moment_ms: int) -> int:
    """Return the first moment of the month after that of a moment."""
    return end_of_month_ms(month_of(moment_ms))


@contextmanager
def moved_to(moment: datetime) -> Iterator[None]:
    """Run the clock from `moment` inside the block: for tests that span months, and for demo data."""
    global _offset  # noqa: PLW0603 - one clock for the process, its threads included
    before, _offset = _offset, moment - datetime.now(UTC)
    try:
        yield
    finally:
        _offset = before


class Deadline:
    """The time by which work must be done, counted from now by the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Tell whether the deadline has passed."""
        return monotonic() >= self._end

    def seconds_left(self, *, at_most: float) -> float:
        """Return the time that is left, from 0 to `at_most`."""
        return max(0.0, min(at_most, self._end - monotonic()))
