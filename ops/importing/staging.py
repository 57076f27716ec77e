"""The door to the database beside an imported file: its rows, which of them repeat or contradict others, and outcomes.

It is SQLite: it takes files of any size, and survives a run that is killed. The next run skips what was noted as done
in the same system. If the database is lost, or with `again`, all rows are carried out, which changes nothing where they
are there. What a dry run notes is worth nothing to the next one, and is removed with its files.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from itertools import islice
from pathlib import Path
from typing import Final, Literal

import msgspec

from ops.importing.record import Record
from ops.importing.source_file import SourceRow

Outcome = Literal["done", "before", "refused"]
"""What became of a row: done in this run, found done before, or refused, for which another run tries it again."""

LEFT: Final = "(outcome IS NULL OR outcome = 'known')"
IS_CLIENT: Final = "json_extract(CAST(record AS TEXT), '$.kind') IS 'client'"
ANY: Final = "TRUE"
PARTS: Final = (f"NOT {IS_CLIENT}", IS_CLIENT)
"""A client needs its workspace, which may be anywhere in the file: clients are carried out when all else is."""

BATCH: Final = 5_000
"""Rows that are written to the database at once."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS rows (
    key TEXT PRIMARY KEY, run INTEGER, line INTEGER, digest BLOB, record BLOB, outcome TEXT, detail TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_line ON rows (run, line);
CREATE TABLE IF NOT EXISTS problems (run INTEGER, line INTEGER, why TEXT);
CREATE TABLE IF NOT EXISTS runs (run INTEGER PRIMARY KEY, kind TEXT, system TEXT);
"""


class InUse(Exception):
    """Another import of the same file is running."""


class OtherKind(Exception):
    """The file was imported before as rows of another kind."""


class StagedRow(msgspec.Struct, frozen=True):
    """A row that is to be carried out."""

    line: int
    key: str
    record: bytes


class RowResult(msgspec.Struct, frozen=True):
    """What became of a row, and why it was refused."""

    row: StagedRow
    outcome: Outcome
    detail: str = ""


class Counts(msgspec.Struct):
    """How many rows there are of each sort."""

    staged: int = 0
    repeated: int = 0
    bad: int = 0


class Staging:
    """The rows of one run. Rows of earlier runs that are not in the file any more are kept and left alone.

    `system` identifies where it is imported to: what was done in another one says nothing. With `again`, what was done
    is carried out once more.
    """

    def __init__(self, database: sqlite3.Connection, kind: str, system: str, *, again: bool = False) -> None:
        self._database = database
        last = database.execute("SELECT run, kind, system FROM runs ORDER BY run DESC LIMIT 1").fetchone()
        run, last_kind, last_system = last or (0, kind, system)
        # A file that was taken for another kind by mistake had no row of it, and is free for its own.
        if last_kind != kind and database.execute("SELECT 1 FROM rows LIMIT 1").fetchone():
            raise OtherKind(
                f"this file was imported before as {last_kind}, not as {kind}: is it the right one? "
                "A copy of it under another name is imported anew"
            )
        self.run = run + 1
        self.counts = Counts()
        with database:
            if last_system != system:
                database.execute("DELETE FROM rows")
            elif again:
                database.execute("UPDATE rows SET outcome = 'known' WHERE outcome = 'done'")
            database.execute("INSERT INTO runs VALUES (?, ?, ?)", (self.run, kind, system))
            database.execute("DELETE FROM problems")

    def add(self, rows: Iterable[tuple[SourceRow, Record | str]]) -> Iterator[int]:
        """Stage rows, each with its record or with what is wrong with it; yield the line after each batch."""
        source = iter(rows)
        while batch := list(islice(source, BATCH)):
            with self._database:
                for row, found in batch:
                    if isinstance(found, str):
                        self._note_problem(row.line, found)
                    else:
                        self._add_row(row.line, found)
            yield batch[-1][0].line

    def _add_row(self, line: int, record: Record) -> None:
        """Stage a row, unless it repeats another. One that contradicts another of this file keeps back both."""
        found = self._database.execute("SELECT run, line, digest, outcome FROM rows WHERE key = ?", (record.key,))
        run, other_line, digest, outcome = found.fetchone() or (None, None, None, None)
        if run == self.run and digest == record.digest:
            self.counts.repeated += 1
        elif run == self.run:
            self._note_problem(line, f"contradicts line {other_line}, which is about the same")
            if outcome != "conflict":
                self.counts.staged -= 1
                self.counts.bad += 1
            self._set_outcome(record.key, "conflict", f"contradicts line {line}, which is about the same")
        elif outcome in {"done", "known"} and digest != record.digest:
            self._note_problem(line, "was imported before with other content; that stays")
        else:
            kept = outcome if outcome in {"done", "known"} else None
            content = (record.key, self.run, line, record.digest, msgspec.json.encode(record), kept, None)
            self._database.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", content)
            self.counts.staged += 1

    def _note_problem(self, line: int, why: str) -> None:
        self.counts.bad += 1
        self._database.execute("INSERT INTO problems VALUES (?, ?, ?)", (self.run, line, why))

    def _set_outcome(self, key: str, outcome: str, detail: str) -> None:
        self._database.execute("UPDATE rows SET outcome = ?, detail = ? WHERE key = ?", (outcome, detail, key))

    def count_done(self) -> int:
        """Return how many of the file's rows earlier runs have carried out."""
        return self._count("outcome = 'done'")

    def count_left(self) -> int:
        """Return how many rows are to be carried out."""
        return self._count(LEFT)

    def _count(self, condition: str) -> int:
        query = f"SELECT count(*) FROM rows WHERE run = ? AND {condition}"  # noqa: S608 - the conditions are ours
        found: int = self._database.execute(query, (self.run,)).fetchone()[0]
        return found

    def left(self, size: int, part: str = ANY) -> Iterator[list[StagedRow]]:
        """Yield the rows of a part of the file that are to be carried out, in the file's order, in batches."""
        line = 0
        while True:
            found = self._database.execute(
                f"SELECT line, key, record FROM rows WHERE run = ? AND line > ? AND {LEFT} AND {part} "  # noqa: S608
                "ORDER BY line LIMIT ?",
                (self.run, line, size),
            ).fetchall()
            if not found:
                return
            line = found[-1][0]
            yield [StagedRow(*each) for each in found]

    def note(self, results: Iterable[RowResult]) -> None:
        """Note what became of rows."""
        with self._database:
            for each in results:
                done = "done" if each.outcome in {"done", "before"} else each.outcome
                self._set_outcome(each.row.key, done, each.detail)

    def problems(self) -> Iterator[tuple[int, str]]:
        """Yield what is wrong with which line, in order: bad rows, contradictions and refusals."""
        yield from self._database.execute(
            "SELECT line, why FROM problems WHERE run = ? UNION ALL "
            "SELECT line, detail FROM rows WHERE run = ? AND outcome IN ('refused', 'conflict') ORDER BY 1",
            (self.run, self.run),
        )

    def records(self) -> Iterator[tuple[bytes, str | None]]:
        """Yield the records of the file that contradict no other, in its order, with their outcomes."""
        query = "SELECT record, outcome FROM rows WHERE run = ? AND outcome IS NOT 'conflict' ORDER BY line"
        yield from self._database.execute(query, (self.run,))


@contextmanager
def open_staging(path: Path, kind: str, system: str, *, again: bool = False, is_kept: bool = True) -> Iterator[Staging]:
    """Open the database of a file, which no other process may use meanwhile. Raises InUse, OtherKind.

    Only its owner may read it: it holds names and addresses. SQLite gives the files beside it the same permissions.
    One that is not kept begins empty, also after a run that was killed, and is removed at the end.
    """
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise InUse(f"another import works with {path}") from None
        if not is_kept:
            _remove(path)
        path.touch(mode=0o600)
        database = sqlite3.connect(path)
        try:
            database.executescript(SCHEMA)
            database.execute("PRAGMA journal_mode = WAL")
            yield Staging(database, kind, system, again=again)
        finally:
            database.close()
            if not is_kept:
                _remove(path)
                Path(lock.name).unlink(missing_ok=True)


def _remove(path: Path) -> None:
    """Remove a database with the files that SQLite has beside it, and no other."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
