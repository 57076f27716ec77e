"""CSV for people who use a spreadsheet: it can sum the numbers, and runs none of the texts. Pure, except for its texts.

A spreadsheet guesses how a file was written. It reads a file without a byte order mark in an old code page, splits at
semicolons where the comma is the decimal mark (docs/api.md, "CSV"), and runs what begins like a formula. It chooses the
delimiter itself, so no text may begin like a formula after any delimiter (OWASP, "CSV Injection").
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from chalicelib.i18n.texts import Texts

BYTE_ORDER_MARK: Final = "\ufeff"

NUMBERS: Final = frozenset(
    (
        "amount balance_after sequence quantity unit_price line_number line_quantity line_unit_price line_amount "
        "count cost price"
    ).split()
)
"""Columns of numbers; all others are texts, whatever they contain."""

SIGNS: Final = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
"""Characters that begin a formula, including the full-width and small forms that East Asian spreadsheets accept."""

UNSEEN: Final = r'[\s"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*'
"""Characters that a spreadsheet may skip before a formula."""

CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
BEGINNING: Final = re.compile(rf'((?:^|(?<=[,;|"])){UNSEEN})(?=[{SIGNS}])')

Cell = str | int | None


class Sheet(msgspec.Struct, frozen=True):
    """How a locale's spreadsheets read: the decimal mark, and the column names in the locale's language."""

    decimal_mark: str
    names: Mapping[str, str]

    @property
    def divider(self) -> str:
        """Return the delimiter between cells."""
        return ";" if self.decimal_mark == "," else ","

    def header(self, columns: Iterable[str]) -> str:
        """Write the beginning of a file: the byte order mark and the header row."""
        return BYTE_ORDER_MARK + self._written([[self.names[column] for column in columns]])

    def rows(self, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
        """Write rows."""
        return self._written([self._cell(*each) for each in zip(columns, row, strict=True)] for row in rows)

    def _cell(self, column: str, value: Cell) -> str:
        text = "" if value is None else str(value)
        return text.replace(".", self.decimal_mark) if column in NUMBERS else harmless(text)

    def _written(self, rows: Iterable[Sequence[str]]) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=self.divider, quoting=csv.QUOTE_ALL).writerows(rows)
        return text.getvalue()


def harmless(text: str) -> str:
    """Return a text on one line, with an apostrophe before anything that would begin a formula, at any delimiter."""
    return BEGINNING.sub(r"\1'", CONTROLS.sub(" ", text))


def sheet(locale: str) -> Sheet:
    """Return how a locale's spreadsheets read, with English names where its language has none."""
    from chalicelib.i18n.words import decimal_sign  # noqa: PLC0415 - babel, which only files for people need

    return Sheet(decimal_sign(locale), names(Texts("spreadsheet", locale)))


def names(texts: Texts) -> Mapping[str, str]:
    """Return the names of the columns."""
    say = texts.say
    return {
        "id": say("Transaction"),
        "type": texts.say_in("column", "Type"),
        "kind": say("Kind"),
        "amount": say("Amount"),
        "currency": say("Currency"),
        "balance_after": say("Balance afterwards"),
        "sequence": texts.say_in("column", "Number"),
        "occurred_at": say("Time (UTC)"),
        "posted_at": say("Posted (UTC)"),
        "source": say("Source"),
        "event_id": say("Event"),
        "description": say("Description"),
        "meter": say("Meter"),
        "quantity": say("Quantity"),
        "unit_price": say("Unit price"),
        "url": say("Link"),
        "payment_id": say("Payment"),
        "actor": say("Done by"),
        "sibling_account_id": say("Other account"),
        "sibling_transaction_id": say("Other transaction"),
        "client_id": say("Client"),
        "line_number": say("Line"),
        "line_meter": say("Line: meter"),
        "line_quantity": say("Line: quantity"),
        "line_unit_price": say("Line: unit price"),
        "line_amount": say("Line: amount"),
        "line_description": say("Line: description"),
        "entry_id": say("Entry"),
        "field": say("Field"),
        "before": say("Before"),
        "after": say("After"),
        "valid_from": say("Valid from (UTC)"),
        "day": say("Day (UTC)"),
        "month": say("Month (UTC)"),
        "count": say("Number of events"),
        "cost": say("You paid"),
        "price": say("Client paid"),
    }
