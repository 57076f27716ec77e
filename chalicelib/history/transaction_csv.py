"""History as CSV: for programs by RFC 4180, for people as their spreadsheet reads it (`spreadsheet`).

With `rows`, the default, each line of a receipt is a row, which a spreadsheet can filter and sum; it cannot do so with
JSON in a cell. `line_amount` is in every row, `amount` in the first row of its transaction, so the sum of either column
is correct. With `json`, a transaction is one row, and its lines are in one cell.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, Literal

import msgspec

from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.permission import Permission
from chalicelib.accounts.viewer import Viewer
from chalicelib.history.spreadsheet import SIGNS, UNSEEN, Cell, Sheet
from chalicelib.history.view import TransactionLineView, TransactionView, view
from chalicelib.ledger import statement
from chalicelib.ledger.statement import Filter
from chalicelib.ledger.transaction import Transaction

MAXIMUM_ROWS: Final = 10_000
"""Rows of one answer, about 3 MB. All rows of a transaction are in the same answer."""

MAXIMUM_BYTES: Final = 5_000_000
"""The most bytes of an answer, escaped as JSON: Lambda allows 6 MB (AWS Lambda quotas, "Invocation payload")."""

PORTION: Final = 2_000
TRANSACTION_COLUMNS: Final = (
    "id",
    "type",
    "kind",
    "amount",
    "currency",
    "balance_after",
    "sequence",
    "occurred_at",
    "posted_at",
    "source",
    "event_id",
    "description",
    "meter",
    "quantity",
    "unit_price",
    "url",
    "payment_id",
    "actor",
    "sibling_account_id",
    "sibling_transaction_id",
    "client_id",
)
AMOUNT: Final = TRANSACTION_COLUMNS.index("amount")
LINE_COLUMNS: Final = (
    "line_number",
    "line_meter",
    "line_quantity",
    "line_unit_price",
    "line_amount",
    "line_description",
)

FORMULA: Final = re.compile(rf"{UNSEEN}[{SIGNS}]|[\t\r]")
"""The beginning of a text that a spreadsheet would run as a formula, if it opens a file meant for programs."""

LineFormat = Literal["rows", "json"]
Row = Sequence[Cell]

COLUMNS: Final[dict[LineFormat, tuple[str, ...]]] = {
    "rows": (*TRANSACTION_COLUMNS, *LINE_COLUMNS),
    "json": (*TRANSACTION_COLUMNS, "lines"),
}


NameOf = Callable[[ShownName], str]


class OtherRow(msgspec.Struct, frozen=True):
    """A row of what is no transaction, such as a card payment: its time, and its cells by column."""

    time_ms: int
    cells: Mapping[str, str]


def write_csv(
    permission: Permission,
    wanted: Filter | None,
    cursor: str | None,
    lines: LineFormat = "rows",
    *,
    sheet: Sheet | None = None,
    others: Iterable[OtherRow] = (),
    name: NameOf | None = None,
) -> tuple[str, str | None]:
    """Return the filtered history as CSV, and the cursor to continue from if one answer cannot hold all of it.

    Without a `sheet`, the CSV is for programs; with one, it is for that spreadsheet. `others` are newest first, and
    each stands above the transactions that are older. `name` says for people who did something. Without `wanted`,
    there is nothing else in it.
    """
    columns = COLUMNS[lines]
    viewer = Viewer(permission)
    blocks = [sheet.header(columns) if sheet else write_rows([columns])]
    rows, size, last = 0, 0, None
    for each, above in _with_others(_transactions(permission.account.account_id, wanted, cursor), iter(others)):
        new: list[Row] = [[other.cells.get(column) for column in columns] for other in above]
        if each:
            shown = view(each, viewer)
            if name and shown.actor:
                shown.actor = ShownName(name(shown.actor))
            new += _line_rows(shown, wanted.meter if wanted else None) if lines == "rows" else [_json_row(shown)]
        block = sheet.rows(columns, new) if sheet else write_rows(new)
        rows, size = rows + len(new), size + len(json.dumps(block))
        if last and (rows > MAXIMUM_ROWS or size > MAXIMUM_BYTES):
            return "".join(blocks), statement.cursor_after(last)
        blocks.append(block)
        last = each or last
    return "".join(blocks), None


def _with_others(
    transactions: Iterator[Transaction], others: Iterator[OtherRow]
) -> Iterator[tuple[Transaction | None, list[OtherRow]]]:
    """Yield each transaction with the other rows right above it; in the end, those below all of them."""
    waiting = next(others, None)
    for each in chain(transactions, [None]):
        above = []
        while waiting and (each is None or waiting.time_ms > each.identity.occurred_at_ms):
            above.append(waiting)
            waiting = next(others, None)
        yield each, above


def _transactions(account_id: str, wanted: Filter | None, cursor: str | None) -> Iterator[Transaction]:
    while wanted:
        found = statement.read_history(account_id, wanted, limit=PORTION, cursor=cursor)
        yield from found.transactions
        cursor = found.next_cursor
        if cursor is None:
            return


def _line_rows(shown: TransactionView, meter: str | None) -> list[Row]:
    """Return a row for each line; if a receipt was found by the meter of a part, only for the lines of that meter."""
    first = _transaction_cells(shown)
    further = [*first[:AMOUNT], None, *first[AMOUNT + 1 :]]
    lines = [
        (number, line)
        for number, line in enumerate(shown.priced_lines, start=1)
        if meter in {None, shown.meter, line.meter}
    ]
    return [[*(further if place else first), *_line_cells(number, line)] for place, (number, line) in enumerate(lines)]


def _json_row(shown: TransactionView) -> Row:
    return [*_transaction_cells(shown), msgspec.json.encode(shown.lines).decode() if shown.lines else None]


def _transaction_cells(shown: TransactionView) -> list[Cell]:
    return [
        shown.id,
        shown.type,
        shown.kind,
        shown.amount,
        shown.currency,
        shown.balance_after,
        shown.sequence,
        shown.occurred_at,
        shown.posted_at,
        shown.source,
        shown.event_id,
        shown.description,
        shown.meter,
        shown.quantity,
        shown.unit_price,
        shown.url,
        shown.payment_id,
        shown.actor,
        shown.sibling.account_id if shown.sibling else None,
        shown.sibling.transaction_id if shown.sibling else None,
        shown.client_id,
    ]


def _line_cells(number: int, line: TransactionLineView) -> list[Cell]:
    return [number, line.meter, line.quantity, line.unit_price, line.amount, line.description]


def write_rows(rows: Sequence[Row]) -> str:
    """Write rows as CSV for programs."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Cell) -> str | int:
    """Return a cell. A text that a spreadsheet would run gets an apostrophe in front; negative numbers stay numbers."""
    if isinstance(value, str) and FORMULA.match(value) and not _is_number(value):
        return "'" + value
    return "" if value is None else value


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
