"""Read the rows of a file to import: CSV or JSON lines, one row a line, in constant memory."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from chalicelib.usage.json_nesting import MAXIMUM_DEPTH, is_too_deep

BYTE_ORDER_MARK: Final = "\ufeff"
LONGEST_LINE: Final = 64 * 1024
"""Bytes of a line at most: far above any real row, and little enough that a file without line ends fits in memory."""


class UnreadableFile(Exception):
    """The file as a whole cannot be read: it is empty, an array, or the first line of a CSV names no columns."""


class SourceRow(msgspec.Struct, frozen=True):
    """A row as it stands in the file. `problem` says why it cannot be read; then it has no fields."""

    line: int
    fields: dict[str, Any] = {}
    problem: str | None = None


def read_rows(path: Path) -> Iterator[SourceRow]:
    """Yield the rows of a file, with their line numbers from 1. Raises UnreadableFile, OSError.

    It is JSON lines if its first line with anything in it begins with a brace, else CSV, whose first line names the
    columns. An empty cell of a CSV is a field that is left out; so is null in JSON.
    """
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise UnreadableFile("the file is empty")
    if first[1].lstrip().startswith("["):
        raise UnreadableFile("it begins as an array of JSON: write each of its objects on a line of its own")
    if first[1].lstrip().startswith("{"):
        yield _json_row(*first)
        for each in lines:
            yield _json_row(*each)
    else:
        yield from _csv_rows(first, lines)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank. What is not UTF-8 stays visible as surrogates, and makes its row bad."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                _skip_to_line_end(file, line)
                line = b"\xff"  # no text: the row is refused like any other that is not UTF-8
            text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            text = text.removeprefix(BYTE_ORDER_MARK) if number == 1 else text
            if text.strip():
                yield number, text


def _skip_to_line_end(file: Any, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(LONGEST_LINE)


def _json_row(line: int, text: str) -> SourceRow:
    if problem := _text_problem(text):
        return SourceRow(line, problem=problem)
    if is_too_deep(text):  # else whether it is read depends on Python's version
        return SourceRow(line, problem=f"nests more than {MAXIMUM_DEPTH} levels deep")
    try:
        found = msgspec.json.decode(text)
        # Of two values of one name, JSON's readers take the last without a word: with money, that is a guess.
        pairs = json.loads(text, object_pairs_hook=list, parse_int=str)
    except (msgspec.DecodeError, ValueError) as error:
        return SourceRow(line, problem=f"is not JSON: {error}")
    if not isinstance(found, dict):
        return SourceRow(line, problem="is not a JSON object")
    if len(found) != len(pairs):
        return SourceRow(line, problem="names a field twice")
    return SourceRow(line, {name: value for name, value in found.items() if value is not None})


def _csv_rows(first: tuple[int, str], lines: Iterator[tuple[int, str]]) -> Iterator[SourceRow]:
    columns, delimiter = _header(*first)
    for line, text in lines:
        problem = _text_problem(text)
        cells: list[str] = []
        try:
            # Each line by itself: a quote that is never closed spoils its own row, and none of those below it.
            cells = [] if problem else next(csv.reader([text], delimiter=delimiter, strict=True))
        except csv.Error as error:
            problem = f"is not CSV: {error}"
        if not problem and len(cells) != len(columns):
            problem = f"has {len(cells)} cells, and there are {len(columns)} columns"
        if problem:
            yield SourceRow(line, problem=problem)
        else:
            yield SourceRow(line, {name: cell for name, cell in zip(columns, cells, strict=True) if cell})


def _header(line: int, text: str) -> tuple[list[str], str]:
    """Return the names of the columns, and the delimiter: a spreadsheet with decimal commas writes semicolons."""
    delimiter = ";" if ";" in text and "," not in text else ","
    if problem := _text_problem(text):
        raise UnreadableFile(f"line {line}, which must name the columns, {problem}")
    try:
        columns = [each.strip() for each in next(csv.reader([text], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise UnreadableFile(f"line {line}, which must name the columns, is not CSV: {error}") from None
    if not all(columns) or len(set(columns)) != len(columns):
        raise UnreadableFile(f"line {line} must name the columns, each once: {text[:100]!r}")
    return columns, delimiter


def _text_problem(text: str) -> str | None:
    if "\0" in text:
        return "has a byte of zero"
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"is not UTF-8, or has more than {LONGEST_LINE} bytes"
    return None
