"""A statement as CSV, for programs or for a spreadsheet: the two balances, and between them a row for each line.

The sum of the credits, less that of the debits, leads from the first row to the last.
"""

from collections.abc import Iterator
from typing import Final

from chalicelib.history.spreadsheet import Cell, Sheet
from chalicelib.history.transaction_csv import write_rows
from chalicelib.money import format_amount, format_micros
from chalicelib.statements.month_statement import MonthStatement

COLUMNS: Final = ("month", "type", "kind", "meter", "quantity", "count", "amount", "currency")


def write_statement(statement: MonthStatement, sheet: Sheet | None) -> str:
    """Write a statement: for programs without a `sheet`."""
    rows = list(_rows(statement))
    if sheet:
        return sheet.header(COLUMNS) + sheet.rows(COLUMNS, rows)
    return write_rows([COLUMNS, *rows])


def csv_headers(statement: MonthStatement) -> dict[str, str]:
    """Return what names and describes the file."""
    name = f"statement-{statement.account_id}-{statement.month.name}.csv"
    return {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": f'attachment; filename="{name}"'}


def _rows(statement: MonthStatement) -> Iterator[list[Cell]]:
    month, currency = statement.month.name, statement.currency

    def balance(name: str, micros: int) -> list[Cell]:
        return [month, name, None, None, None, None, format_amount(micros, currency), currency]

    yield balance("opening_balance", statement.opening_micros)
    for line in statement.lines:
        quantity = None if line.quantity_micros is None else format_micros(line.quantity_micros)
        amount = format_amount(line.amount_micros, currency)
        yield [month, line.direction, line.kind, line.meter, quantity, line.count, amount, currency]
    yield balance("closing_balance", statement.closing_micros)
