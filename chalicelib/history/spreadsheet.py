"""CSV that a person opens in a spreadsheet: numbers that it adds up, and no text that it runs. Pure, but for its texts.

A spreadsheet asks nobody how a file was written. It takes what has no byte order mark for an old code page, divides at
semicolons where the comma is the decimal mark (docs/api.md, "CSV"), and runs what begins like a formula. Which divider
it takes is its own choice, so no text may begin like one at any divider (OWASP, "CSV Injection").
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from chalicelib.typed import read_toml

FOLDER: Final = Path(__file__).with_name("columns")
DEFAULT: Final = "en"
BYTE_ORDER_MARK: Final = "\ufeff"

NUMBERS: Final = frozenset(
    "amount balance_after sequence quantity unit_price line_number line_quantity line_unit_price line_amount".split()
)
"""Columns of numbers; all others are texts, whatever is in them."""

SIGNS: Final = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
"""What begins a formula: also in full width and as small forms, which spreadsheets of East Asia take alike."""

UNSEEN: Final = r'[\s"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*'
"""What a spreadsheet may skip before a formula."""

CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
BEGINNING: Final = re.compile(rf'((?:^|(?<=[,;|"])){UNSEEN})(?=[{SIGNS}])')

Cell = str | int | None


class Sheet(msgspec.Struct, frozen=True):
    """How somebody's spreadsheet reads: the locale's decimal mark, and the names of the columns in its language."""

    decimal_mark: str
    names: Mapping[str, str]

    @property
    def divider(self) -> str:
        """Return what stands between cells."""
        return ";" if self.decimal_mark == "," else ","

    def header(self, columns: Iterable[str]) -> str:
        """Write the beginning of a file: the mark of its encoding, and the first row."""
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
    """Return a text on one line, with an apostrophe before whatever would begin a formula, however it is divided."""
    return BEGINNING.sub(r"\1'", CONTROLS.sub(" ", text))


def sheet(locale: str) -> Sheet:
    """Return how a locale's spreadsheets read; with English names where there are none in its language."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - only people's files need it, and it loads slowly
    from babel.numbers import get_decimal_symbol  # noqa: PLC0415

    try:
        found = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        found = Locale(DEFAULT)
    return Sheet(get_decimal_symbol(found), names(found.language if found.language in languages() else DEFAULT))


@cache
def languages() -> frozenset[str]:
    """Return the languages that the columns have names in: a file each."""
    return frozenset(path.stem for path in FOLDER.glob("*.toml"))


@cache
def names(language: str) -> Mapping[str, str]:
    """Return the names of the columns in a language."""
    return read_toml((FOLDER / f"{language}.toml").read_bytes(), dict[str, str])
