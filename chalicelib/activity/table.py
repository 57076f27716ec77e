"""The door to the table `account_log`: an account's entries by their time. Nothing in it is changed or deleted."""

from typing import Any

import msgspec
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.activity.entry import Entry
from chalicelib.clock import parse_iso
from chalicelib.conflicts import conditional_write
from chalicelib.readable import read_or
from chalicelib.tables import Item, Table, TableMeta, raw
from chalicelib.typed import convert


class LogRow(Table):
    """One row for each entry."""

    class Meta(metaclass=TableMeta):
        setting = "account_log_table"

    account_id = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)
    at_ms = NumberAttribute()
    kind = UnicodeAttribute()
    actor = UnicodeAttribute(null=True)
    changes = JSONAttribute()
    client_id = UnicodeAttribute(null=True)
    for_client = BooleanAttribute(null=True)


def put_new(entry: Entry) -> bool:
    """Write an entry; False when it is there already, because its record was delivered before."""
    row = LogRow(**msgspec.to_builtins(entry))
    return conditional_write(row.save, condition=LogRow.entry_id.does_not_exist())


def read_newest(account_id: str, *, limit: int, below: str | None = None) -> list[Entry]:
    """Read an account's entries, newest first, in one call; `below` is the id that they come before."""
    older = LogRow.entry_id < below if below else None
    shared, table_name = raw(LogRow)
    answer = shared.query(table_name, account_id, older, scan_index_forward=False, limit=limit)
    return [_entry(item) for item in answer["Items"]]


def _entry(item: Item) -> Entry:
    """Return the entry of an item. One that cannot be read has what its key says, and no changes."""
    account_id, entry_id = item["account_id"]["S"], item["entry_id"]["S"]
    return read_or(
        lambda: convert(LogRow.from_raw_data(item).values(), Entry),
        lambda: _entry_of_key(account_id, entry_id),
        about={"account_id": account_id, "what": entry_id},
    )


def _entry_of_key(account_id: str, entry_id: str) -> Entry:
    moment, kind, *_ = entry_id.split("#")
    fields: dict[str, Any] = {"kind": kind, "actor": None, "changes": ()}
    return Entry(account_id=account_id, entry_id=entry_id, at_ms=parse_iso(moment), **fields)
