"""History as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from typing import Final

import msgspec

from chalicelib.accounts.transaction_view import TransactionView, view
from chalicelib.ledger import statement
from chalicelib.ledger.statement import Filter

MAXIMUM_ROWS: Final = 10_000
"""Rows of one answer: about 3 MB, where API Gateway lets 10 MB through."""

PORTION: Final = 2_000
COLUMNS: Final = tuple(name for name in TransactionView.__struct_fields__ if name != "metadata")
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula (OWASP, "CSV Injection")."""


def write(account_id: str, wanted: Filter, cursor: str | None) -> tuple[str, str | None]:
    """Return the filtered history as CSV, and the cursor to go on from when it has more rows than one answer takes."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    rows = 0
    while True:
        found = statement.history(account_id, wanted, limit=min(PORTION, MAXIMUM_ROWS - rows), cursor=cursor)
        writer.writerows(_rows(view(each) for each in found.transactions))
        rows, cursor = rows + len(found.transactions), found.next_cursor
        if cursor is None or rows >= MAXIMUM_ROWS:
            return text.getvalue(), cursor


def _rows(views: Iterator[TransactionView]) -> Iterator[list[str | int]]:
    for each in views:
        yield [_cell(value) for value in msgspec.structs.astuple(each)[: len(COLUMNS)]]


def _cell(value: str | int | None) -> str | int:
    """Return a cell; a text that a spreadsheet would run is marked as text. A number stays one, also below zero."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not _is_number(value):
        return "'" + value
    return "" if value is None else value


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
