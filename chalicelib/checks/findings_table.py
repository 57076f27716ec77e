"""The door to the table `findings`: the differences that were found, open and resolved."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import KeysOnlyProjection

from chalicelib.checks.finding import Finding
from chalicelib.conflicts import conditional_write
from chalicelib.due import shard_of
from chalicelib.due_index import DueIndex
from chalicelib.tables import Table, TableMeta, image_reader
from chalicelib.typed import convert


class OpenIndex(DueIndex["FindingRow"]):
    """Differences that are not resolved, by when they were found; no others."""

    class Meta:
        index_name = "open"
        projection = KeysOnlyProjection()

    shards = 2  # open differences are few
    shard = UnicodeAttribute(hash_key=True, attr_name="open_shard")
    time = NumberAttribute(range_key=True, attr_name="found_at_ms")


class FindingRow(Table):
    """One row a difference. Its stream publishes it to EventBridge."""

    class Meta(metaclass=TableMeta):
        setting = "findings_table"

    account_id = UnicodeAttribute(hash_key=True)
    finding_id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    problem = UnicodeAttribute()
    found_at_ms = NumberAttribute()
    seen_at_ms = NumberAttribute()
    resolved_at_ms = NumberAttribute(null=True)
    object_id = UnicodeAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)
    stripe_account = UnicodeAttribute(null=True)
    stripe_ids = JSONAttribute(null=True)
    at_ms = NumberAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    stripe_micros = NumberAttribute(null=True)
    row_micros = NumberAttribute(null=True)
    ledger_micros = NumberAttribute(null=True)
    open_shard = UnicodeAttribute(null=True)
    open = OpenIndex()


def keep(found: Finding) -> bool:
    """Store a difference, or what is seen of it now if it is open; tell whether it is new, or open again.

    Of two runs that find the same at once, one is told that it is new.
    """
    known = find(found.account_id, found.finding_id)
    if known is None or not known.is_open:
        is_free = FindingRow.finding_id.does_not_exist() | FindingRow.resolved_at_ms.exists()
        return conditional_write(_row_of(found).save, condition=is_free)
    seen = msgspec.structs.replace(found, found_at_ms=known.found_at_ms)
    is_same = (FindingRow.found_at_ms == known.found_at_ms) & FindingRow.resolved_at_ms.does_not_exist()
    conditional_write(_row_of(seen).save, condition=is_same)
    return False


def resolve(account_id: str, finding_id: str, now_ms: int) -> bool:
    """Mark a difference as resolved; False if it is not open."""
    row = FindingRow(account_id, finding_id)
    is_open = FindingRow.finding_id.exists() & FindingRow.resolved_at_ms.does_not_exist()
    actions: list[Action] = [FindingRow.resolved_at_ms.set(now_ms), FindingRow.open_shard.remove()]
    return conditional_write(row.update, actions, condition=is_open)


def find(account_id: str, finding_id: str) -> Finding | None:
    """Read a difference, strongly consistent."""
    try:
        return finding_of(FindingRow.get(account_id, finding_id, consistent_read=True))
    except FindingRow.DoesNotExist:
        return None


def of_account(account_id: str) -> list[Finding]:
    """Read all differences of an account, also the resolved ones, strongly consistent."""
    return [finding_of(row) for row in FindingRow.query(account_id, consistent_read=True)]


def open_keys(now_ms: int, *, limit: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield account and id of the differences that are open, shard by shard: the oldest `limit` of each."""
    for row in FindingRow.open.due_by(now_ms, limit=limit):
        yield row.account_id, row.finding_id


def finding_of(row: FindingRow) -> Finding:
    """Return the finding of a row. Raises msgspec.ValidationError."""
    return convert({**row.values(), "stripe_ids": row.stripe_ids or ()}, Finding)


def _row_of(found: Finding) -> FindingRow:
    values: dict[str, Any] = msgspec.to_builtins(found)
    return FindingRow(
        finding_id=found.finding_id,
        open_shard=shard_of(found.finding_id, OpenIndex.shards) if found.is_open else None,
        **{**values, "stripe_ids": list(found.stripe_ids) or None},
    )


read_finding_image: Final = image_reader(FindingRow, finding_of)
