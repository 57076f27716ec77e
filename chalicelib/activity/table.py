"""The door to the table `account_log`: an account's entries by their time. Nothing in it is changed or deleted."""

import msgspec
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.activity.entry import Entry
from chalicelib.clock import parse_iso
from chalicelib.conflicts import conditional_write
from chalicelib.log import log
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
    try:
        return convert(LogRow.from_raw_data(item).values(), Entry)
    except Exception:  # noqa: BLE001 - one entry that cannot be read must not hide all others
        account_id, entry_id = item["account_id"]["S"], item["entry_id"]["S"]
        log().exception("an entry of an account's log cannot be read", account_id=account_id, entry_id=entry_id)
        moment, kind, *_ = entry_id.split("#")
        return Entry(
            account_id=account_id, entry_id=entry_id, at_ms=parse_iso(moment), kind=kind, actor=None, changes=()
        )
