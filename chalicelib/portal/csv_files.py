"""Which files hold the rows of a span of days, for a browser without scripts. Pure."""

from datetime import date, timedelta

import msgspec

from chalicelib.ledger.daily_usage import Days


class CsvFile(msgspec.Struct, frozen=True):
    """A span of days that one CSV file holds. `is_whole` is False for a day that may have more rows than a file."""

    first: str
    last: str
    rows: int
    is_whole: bool


def divide(days: Days, first: str, last: str, most: int) -> list[CsvFile]:
    """Divide a span into files of whole days that hold at most `most` rows each, the oldest first.

    No day is left out: what is not usage may be of a day without any.
    """
    found: list[CsvFile] = []
    start, rows, before = first, 0, first
    for day in sorted(days):
        count = sum(usage.count for usage in days[day].values())
        if rows and rows + count > most:
            found.append(CsvFile(start, before, rows, rows <= most))
            start, rows = _next(before), 0
        rows += count
        before = day
    return [*found, CsvFile(start, last, rows, rows <= most)]


def _next(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
