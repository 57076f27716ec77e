"""Write the files of an export: each as JSON lines and as CSV, under another name until it is whole."""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from io import BufferedWriter
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from chalicelib.history.transaction_csv import write_rows
from ops.exporting.readable import UNREADABLE, Row

UNFINISHED: Final = ".part"
ONLY_OURS: Final = 0o600


class WrittenFile(msgspec.Struct, frozen=True):
    """A file of an export that is whole."""

    name: str
    rows: int
    unreadable: int
    bytes: int
    sha256: str


class HashedFile:
    """A file that is written under another name, with its hash, and gets its own name when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(path.name + UNFINISHED)
        self._file: BufferedWriter = os.fdopen(
            os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, ONLY_OURS), "wb"
        )
        self._hash, self._bytes = sha256(), 0

    def __enter__(self) -> Self:
        """Return it, for writing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; it keeps the other name unless it was finished."""
        self._file.close()

    def write(self, content: bytes) -> None:
        """Write some of its content."""
        self._file.write(content)
        self._hash.update(content)
        self._bytes += len(content)

    def finish(self, rows: int = 1, unreadable: int = 0) -> WrittenFile:
        """Give the file its name, and say what it is."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self.path)
        return WrittenFile(self.path.name, rows, unreadable, self._bytes, self._hash.hexdigest())


def write_table(
    directory: Path, name: str, columns: Sequence[str], rows: Iterable[Row], advance: Callable[[], None]
) -> list[WrittenFile]:
    """Write rows to `name.jsonl` and `name.csv`, one by one. The CSV has no cell that a spreadsheet would run."""
    columns = [*columns, UNREADABLE]
    count = bad = 0
    with ExitStack() as files:
        lines, cells = (files.enter_context(HashedFile(directory / f"{name}.{suffix}")) for suffix in ("jsonl", "csv"))
        cells.write(write_rows([columns]).encode())
        for row in rows:
            lines.write(msgspec.json.encode(row) + b"\n")
            cells.write(write_rows([[_cell(row.get(column)) for column in columns]]).encode())
            count += 1
            bad += UNREADABLE in row
            advance()
        return [each.finish(count, bad) for each in (lines, cells)]


def _cell(value: Any) -> str | int | None:
    """Return a cell: nested values as JSON."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def write_json(path: Path, content: Mapping[str, Any] | msgspec.Struct) -> None:
    """Write a JSON file as a whole or not at all."""
    with HashedFile(path) as file:
        file.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
        file.finish()
