"""An account's log as CSV, a row for each field that changed: for programs, and for a person's spreadsheet."""

from collections.abc import Iterator
from typing import Final, Protocol

from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.viewer import Viewer
from chalicelib.activity.entry import Kind, Value
from chalicelib.activity.list_entries import list_entries
from chalicelib.activity.view import EntryView, FieldChangeView, view_entries
from chalicelib.history.spreadsheet import Sheet
from chalicelib.history.transaction_csv import Row, write_rows

COLUMNS: Final = (
    "entry_id",
    "occurred_at",
    "kind",
    "description",
    "field",
    "before",
    "after",
    "valid_from",
    "actor",
    "client_id",
)
MOST_ENTRIES: Final = 2_000
"""Entries of one file, mostly about 1 MB. All rows of an entry are in the same file."""

MOST_CHARACTERS: Final = 2_000_000
"""After so many, a file ends: Lambda answers with 6 MB at most, and a change of many prices has many rows."""

BATCH: Final = 100


class Texts(Protocol):
    """The words of a log, for a file for people."""

    def line(self, entry: EntryView, change: FieldChangeView) -> str:
        """Say a change in one line of text."""

    def name_in_file(self, name: ShownName) -> str:
        """Name somebody who did something, whoever reads it."""


def write_csv(
    viewer: Viewer,
    kind: Kind | None = None,
    cursor: str | None = None,
    *,
    sheet: Sheet | None = None,
    texts: Texts | None = None,
) -> tuple[str, str | None]:
    """Return the log as CSV, newest first, and the cursor to continue from if one file cannot hold all of it.

    Without a `sheet` and `texts`, it is for programs: no change has a description, and actors have their names of the
    API. Raises InvalidCursor.
    """
    blocks = [sheet.header(COLUMNS) if sheet else write_rows([COLUMNS])]
    for _ in range(MOST_ENTRIES // BATCH):
        batch = list_entries(viewer, limit=BATCH, kind=kind, cursor=cursor)
        rows = [row for each in view_entries(batch.entries, viewer) for row in _rows(each, texts)]
        blocks.append(sheet.rows(COLUMNS, rows) if sheet else write_rows(rows))
        cursor = batch.next_cursor
        if cursor is None or sum(map(len, blocks)) > MOST_CHARACTERS:
            break
    return "".join(blocks), cursor


def _rows(entry: EntryView, texts: Texts | None) -> Iterator[Row]:
    client_id = entry.client.account_id if entry.client else None
    actor = texts.name_in_file(entry.actor) if texts and entry.actor else entry.actor
    for each in entry.changes:
        values = _text(each.before), _text(each.after)
        said = texts.line(entry, each) if texts else None
        yield [entry.id, entry.at, entry.kind, said, each.field, *values, each.start, actor, client_id]


def _text(value: Value) -> str | int | None:
    return str(value).lower() if isinstance(value, bool) else value
