"""List what changed in an account, newest first, as far as the reader may see it."""

from typing import Final

import msgspec

from chalicelib.accounts.viewer import Viewer
from chalicelib.activity import table
from chalicelib.activity.cursor import read_cursor, write_cursor
from chalicelib.activity.entry import Entry, Kind, shown_entry

MOST_READS: Final = 10
ROWS_OF_A_READ: Final = 200
"""Rows that are looked at in one read for entries of one kind."""


class EntryBatch(msgspec.Struct, frozen=True):
    """Entries, and where the list goes on; of a kind that is rare, there may be none so far."""

    entries: list[Entry]
    next_cursor: str | None


def list_entries(viewer: Viewer, *, limit: int, kind: Kind | None = None, cursor: str | None = None) -> EntryBatch:
    """Return at most `limit` entries, in a bounded number of reads. Raises InvalidCursor."""
    account_id, found = viewer.permission.account.account_id, list[Entry]()
    below, size = read_cursor(cursor) if cursor else None, ROWS_OF_A_READ if kind else limit + 1
    for _ in range(MOST_READS):
        rows = table.read_newest(account_id, limit=size, below=below)
        for each in rows:
            shown = shown_entry(each, sees_decisions=viewer.sees_decisions_at(each.at_ms), is_client=viewer.is_client)
            if shown and kind in {None, each.kind}:
                if len(found) == limit:
                    return EntryBatch(found, write_cursor(found[-1].entry_id))
                found.append(shown)
        if len(rows) < size:
            return EntryBatch(found, None)
        below = rows[-1].entry_id
    return EntryBatch(found, write_cursor(str(below)))
