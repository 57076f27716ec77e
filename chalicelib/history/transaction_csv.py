"""History as CSV: for programs by RFC 4180, for people as their spreadsheet reads it (`spreadsheet`).

With `rows`, each line of a receipt is a row, which a spreadsheet can filter and add up; it cannot do so with JSON in a
cell, so this is the default. `line_amount` stands in every row, `amount` in the first row of its transaction: neither
column adds anything up twice. With `json`, a transaction is one row, and its lines are in one cell.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from chalicelib.accounts.permission import Permission
from chalicelib.history.spreadsheet import SIGNS, UNSEEN, Cell, Sheet
from chalicelib.history.view import TransactionView, view
from chalicelib.ledger import statement
from chalicelib.ledger.statement import Filter
from chalicelib.ledger.transaction import Transaction

MAXIMUM_ROWS: Final = 10_000
"""Rows of one answer, some 3 MB. A transaction with all its rows is in one answer."""

MAXIMUM_BYTES: Final = 5_000_000
"""Of one answer, escaped as JSON: Lambda lets 6 MB through (AWS Lambda quotas, "Invocation payload")."""

PORTION: Final = 2_000
LAST: Final = ("metadata", "lines", "sibling")
"""Fields of a transaction that are no column of their own; the others come first."""

FIELDS: Final = tuple(name for name in TransactionView.__struct_fields__ if name not in LAST)
SHARED: Final = (*FIELDS, "sibling_account_id", "sibling_transaction_id")
AMOUNT: Final = FIELDS.index("amount")
LINE: Final = ("line_number", "line_meter", "line_quantity", "line_unit_price", "line_amount", "line_description")

FORMULA: Final = re.compile(rf"{UNSEEN}[{SIGNS}]|[\t\r]")
"""How a text begins that a spreadsheet takes for a formula, should a program's file be opened in one."""

Lines = Literal["rows", "json"]
Row = Sequence[Cell]

COLUMNS: Final[dict[Lines, tuple[str, ...]]] = {"rows": (*SHARED, *LINE), "json": (*SHARED, "lines")}


def write(
    permission: Permission, wanted: Filter, cursor: str | None, lines: Lines = "rows", sheet: Sheet | None = None
) -> tuple[str, str | None]:
    """Return the filtered history as CSV, and the cursor to go on from when it has more than one answer takes.

    It is for programs, or for a person's `sheet`.
    """
    columns = COLUMNS[lines]
    blocks = [sheet.header(columns) if sheet else _block([columns])]
    rows, size, last = 0, 0, None
    for each in _transactions(permission.account.account_id, wanted, cursor):
        shown = view(each, permission.may_see_sibling)
        new = _line_rows(shown, wanted.meter) if lines == "rows" else [_json_row(shown)]
        block = sheet.rows(columns, new) if sheet else _block(new)
        rows, size = rows + len(new), size + len(json.dumps(block))
        if last and (rows > MAXIMUM_ROWS or size > MAXIMUM_BYTES):
            return "".join(blocks), statement.cursor_after(last)
        blocks.append(block)
        last = each
    return "".join(blocks), None


def _transactions(account_id: str, wanted: Filter, cursor: str | None) -> Iterator[Transaction]:
    while True:
        found = statement.history(account_id, wanted, limit=PORTION, cursor=cursor)
        yield from found.transactions
        cursor = found.next_cursor
        if cursor is None:
            return


def _line_rows(shown: TransactionView, meter: str | None) -> list[Row]:
    """Return a row for each line: of a receipt that was found by the meter of a part, for those lines alone."""
    shared = _shared(shown)
    repeated = [*shared[:AMOUNT], None, *shared[AMOUNT + 1 :]]
    lines = [
        (number, line)
        for number, line in enumerate(shown.priced_lines, start=1)
        if meter in {None, shown.meter, line.meter}
    ]
    return [
        [*(repeated if place else shared), number, *msgspec.structs.astuple(line)]
        for place, (number, line) in enumerate(lines)
    ]


def _json_row(shown: TransactionView) -> Row:
    return [*_shared(shown), msgspec.json.encode(shown.lines).decode() if shown.lines else None]


def _shared(shown: TransactionView) -> list[Cell]:
    sibling = shown.sibling
    return [
        *(getattr(shown, name) for name in FIELDS),
        *((sibling.account_id, sibling.transaction_id) if sibling else (None, None)),
    ]


def _block(rows: Sequence[Row]) -> str:
    """Write rows that stay together."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Cell) -> str | int:
    """Return a cell; a text that a spreadsheet would run is marked as text. A number stays one, also below zero."""
    if isinstance(value, str) and FORMULA.match(value) and not _is_number(value):
        return "'" + value
    return "" if value is None else value


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
