"""Read the invoices that a person looks for: by number, or the newest of a year or a purpose."""

import re
from bisect import bisect_left
from datetime import UTC, datetime
from typing import Final

from chalicelib.clock import from_ms, to_ms
from chalicelib.invoices import table
from chalicelib.invoices.find import find_by_number
from chalicelib.invoices.invoice import Invoice, InvoiceNotFound
from chalicelib.payments import table as payments
from chalicelib.portal.invoice_list import Entry, Selection, entries_of

ROWS: Final = 20
BATCHES: Final = 10
"""How many times as many are read for one page of invoices of a rare purpose, before the person is asked to go on."""

_SHORT: Final = re.compile("[0-9]{1,12}")


def find_invoices(account_id: str, selection: Selection, cursor: str | None) -> tuple[list[Entry], str | None]:
    """Return the newest wanted invoices, and the cursor to go on with, if there may be more. Raises InvalidCursor."""
    found: list[Entry] = []
    if cursor is None and selection.year:
        cursor = _last_of_year(account_id, selection.year)
        if cursor is None:
            return [], None
    for _ in range(BATCHES):
        batch = table.newest(account_id, limit=ROWS, cursor=cursor)
        entries = _with_payments(account_id, batch.invoices)
        found += filter(selection.includes, entries)
        cursor = None if entries and selection.is_before(entries[-1]) else batch.next_cursor
        if cursor is None or len(found) >= ROWS:
            break
    return found, cursor


def find_numbered(account_id: str, number: str) -> list[Entry]:
    """Return the invoice with a number, which may be typed in small letters, or as what it ends with: 42."""
    typed = number.upper()
    try:
        short = table.find(account_id, int(typed)) if _SHORT.fullmatch(typed) else None
        return _with_payments(account_id, [short or find_by_number(account_id, typed)])
    except InvoiceNotFound:
        return []


def years_with_invoices(account_id: str, this_year: int) -> list[int]:
    """Return the years from the first invoice to now, the newest first."""
    first = table.find(account_id, 1)
    return list(range(this_year, from_ms(first.issued_at_ms).year - 1, -1)) if first else []


def _last_of_year(account_id: str, year: int) -> str | None:
    """Return the cursor at the last document that was issued by the end of a year; None if there is none.

    Numbers are given in the order of time, so some documents in between tell where the year ends.
    """
    end_ms = to_ms(datetime(year + 1, 1, 1, tzinfo=UTC))
    numbers = range(1, table.read(account_id).last + 1)
    issued = bisect_left(numbers, end_ms, key=lambda number: table.get(account_id, number).issued_at_ms)
    return table.cursor_at(issued) if issued else None


def _with_payments(account_id: str, invoices: list[Invoice]) -> list[Entry]:
    return entries_of(invoices, payments.find_all(account_id, {each.payment_id for each in invoices}))
