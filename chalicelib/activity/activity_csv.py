"""An account's log as CSV, a row for each field that changed: for programs, and for a person's spreadsheet."""

from collections.abc import Callable, Iterator
from typing import Final

from chalicelib.accounts.viewer import Viewer
from chalicelib.activity.entry import Kind, Value
from chalicelib.activity.list_entries import list_entries
from chalicelib.activity.view import EntryView, FieldChangeView, view_entry
from chalicelib.history.spreadsheet import Sheet
from chalicelib.history.transaction_csv import Row, write_rows

COLUMNS: Final = ("entry_id", "occurred_at", "kind", "description", "field", "before", "after", "valid_from", "actor")
MOST_ENTRIES: Final = 2_000
"""Entries of one file, mostly about 1 MB. All rows of an entry are in the same file."""

MOST_CHARACTERS: Final = 2_000_000
"""After so many, a file ends: Lambda answers with 6 MB at most, and a change of many prices has many rows."""

BATCH: Final = 100

Describe = Callable[[EntryView, FieldChangeView], str]
"""Says a change in words."""


def write_csv(
    viewer: Viewer,
    kind: Kind | None = None,
    cursor: str | None = None,
    *,
    sheet: Sheet | None = None,
    describe: Describe | None = None,
) -> tuple[str, str | None]:
    """Return the log as CSV, newest first, and the cursor to continue from if one file cannot hold all of it.

    Without a `sheet`, it is for programs; without `describe`, no change has a description. Raises InvalidCursor.
    """
    blocks = [sheet.header(COLUMNS) if sheet else write_rows([COLUMNS])]
    for _ in range(MOST_ENTRIES // BATCH):
        batch = list_entries(viewer, limit=BATCH, kind=kind, cursor=cursor)
        rows = [row for each in batch.entries for row in _rows(view_entry(each, viewer), describe)]
        blocks.append(sheet.rows(COLUMNS, rows) if sheet else write_rows(rows))
        cursor = batch.next_cursor
        if cursor is None or sum(map(len, blocks)) > MOST_CHARACTERS:
            break
    return "".join(blocks), cursor


def _rows(entry: EntryView, describe: Describe | None) -> Iterator[Row]:
    for each in entry.changes:
        values = _text(each.before), _text(each.after)
        said = describe(entry, each) if describe else None
        yield [entry.id, entry.at, entry.kind, said, each.field, *values, each.start, entry.actor]


def _text(value: Value) -> str | int | None:
    return str(value).lower() if isinstance(value, bool) else value
