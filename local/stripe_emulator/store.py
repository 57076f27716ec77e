"""The emulator's objects: in memory, and in an SQLite file if one is given.

Every object is a JSON dictionary with `id` and `object` (its kind), and belongs to one Stripe account. Names that begin
with an underscore are internal and are never shown. A commit is written to the file before it is acknowledged, so a
killed process loses nothing that it has acknowledged.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from local.stripe_emulator.errors import Json

ObjectKey = tuple[str, str, str]  # account, kind, id

TABLE = "CREATE TABLE IF NOT EXISTS objects (account TEXT, kind TEXT, id TEXT, body TEXT, UNIQUE (account, kind, id))"
UPSERT = (
    "INSERT INTO objects (account, kind, id, body) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (account, kind, id) DO UPDATE SET body = excluded.body"
)


class Store:
    """All objects of all accounts. Callers hold `lock` while they read or write."""

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self._shelves: dict[tuple[str, str], dict[str, Json]] = {}
        self._file = _open(path) if path else None
        self._load()

    def find(self, place: ObjectKey) -> Json | None:
        """Return the committed object, which the caller must not change."""
        account, kind, identifier = place
        return self._shelves.get((account, kind), {}).get(identifier)

    def newest_first(self, account: str, kind: str) -> Iterator[Json]:
        """Yield the committed objects of one kind, in reverse order of creation."""
        return reversed(list(self._shelves.get((account, kind), {}).values()))

    def everywhere(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Yield `(account, object)` for one kind in all accounts, in order of creation."""
        for (account, shelf_kind), shelf in list(self._shelves.items()):
            if shelf_kind == kind:
                yield from ((account, found) for found in list(shelf.values()))

    def commit(self, changes: Iterable[tuple[str, Json]]) -> None:
        """Write `(account, object)` pairs, all or none."""
        changed = list(changes)
        if self._file is not None and changed:
            rows = [(account, body["object"], body["id"], json.dumps(body)) for account, body in changed]
            with self._file:
                self._file.executemany(UPSERT, rows)
        for account, body in changed:
            self._shelves.setdefault((account, body["object"]), {})[body["id"]] = body

    def clear(self) -> None:
        """Delete everything."""
        with self.lock:
            self._shelves.clear()
            if self._file is not None:
                with self._file:
                    self._file.execute("DELETE FROM objects")

    def _load(self) -> None:
        if self._file is None:
            return
        for account, kind, identifier, body in self._file.execute(
            "SELECT account, kind, id, body FROM objects ORDER BY rowid"
        ):
            self._shelves.setdefault((account, kind), {})[identifier] = json.loads(body)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, check_same_thread=False)
    # With a write-ahead log, a commit has reached the operating system: a killed process loses none of it.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(TABLE)
    connection.commit()
    return connection
