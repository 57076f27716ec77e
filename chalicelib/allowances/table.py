"""The door to the table `allowances`: one row for each month of a client that has an allowance."""

from collections.abc import Iterable, Iterator

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import KeysOnlyProjection

from chalicelib.allowances.allowance import Allowance, ends_at_ms
from chalicelib.conflicts import conditional_write
from chalicelib.due import shard_of
from chalicelib.due_index import DueIndex
from chalicelib.tables import KEYS_A_CALL, Table, TableMeta, read_together, set_or_remove

ClientMonth = tuple[str, str]
"""A client and a month (`2026-11`)."""


class OpenIndex(DueIndex["AllowanceRow"]):
    """Allowances that have not ended, by when they end. The index holds only their keys."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True, attr_name="due_shard")
    time = NumberAttribute(range_key=True, attr_name="due_at_ms")


class AllowanceRow(Table):
    """One row for each month of a client. It is in the index until the allowance has ended."""

    class Meta(metaclass=TableMeta):
        setting = "allowances_table"

    account_id = UnicodeAttribute(hash_key=True)
    month = UnicodeAttribute(range_key=True)
    amount_micros = NumberAttribute()
    opened_at_ms = NumberAttribute()
    state = UnicodeAttribute()
    unused_micros = NumberAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at_ms = NumberAttribute(null=True)
    open = OpenIndex()


def find_many(months: Iterable[ClientMonth]) -> dict[ClientMonth, Allowance]:
    """Read allowances, strongly consistent, 100 per call; those that do not exist are left out."""
    keys = list(months)
    found: dict[ClientMonth, Allowance] = {}
    for start in range(0, len(keys), KEYS_A_CALL):
        for row in read_together({AllowanceRow: keys[start : start + KEYS_A_CALL]})[AllowanceRow]:
            found[row.account_id, row.month] = allowance_of(row)
    return found


def get(account_id: str, month: str) -> Allowance:
    """Read an allowance that exists, strongly consistent."""
    return allowance_of(AllowanceRow.get(account_id, month, consistent_read=True))


def allowance_of(row: AllowanceRow) -> Allowance:
    """Read an allowance from its row."""
    unused: float | None = row.unused_micros
    return Allowance(
        account_id=row.account_id,
        month=row.month,
        amount_micros=int(row.amount_micros),
        opened_at_ms=int(row.opened_at_ms),
        state=row.state,  # type: ignore[arg-type]
        unused_micros=None if unused is None else int(unused),
    )


def open_new(allowance: Allowance) -> Allowance:
    """Write a new allowance, unless the month has one; return the one that it has."""
    row = AllowanceRow(
        allowance.account_id,
        allowance.month,
        amount_micros=allowance.amount_micros,
        opened_at_ms=allowance.opened_at_ms,
        state=allowance.state,
        due_shard=shard_of(allowance.account_id),
        due_at_ms=ends_at_ms(allowance.month),
    )
    if conditional_write(row.save, condition=AllowanceRow.account_id.does_not_exist()):
        return allowance
    return get(allowance.account_id, allowance.month)


def advance(allowance: Allowance, wanted: Allowance) -> bool:
    """Write the next state of an allowance; False if it has changed since it was read."""
    actions = [
        AllowanceRow.state.set(wanted.state),
        set_or_remove(AllowanceRow.unused_micros, wanted.unused_micros),
    ]
    if wanted.state == "ended":
        actions += [AllowanceRow.due_shard.remove(), AllowanceRow.due_at_ms.remove()]
    row = AllowanceRow(allowance.account_id, allowance.month)
    return conditional_write(row.update, actions, condition=AllowanceRow.state == allowance.state)


def due(now_ms: int, limit: int) -> Iterator[tuple[str, str, int]]:
    """Yield client, month and time of the allowances that end by now, at most `limit` a shard."""
    for row in AllowanceRow.open.due_by(now_ms, limit=limit):
        yield row.account_id, row.month, int(row.due_at_ms)


def claim(account_id: str, month: str, due_at_ms: int, *, again_at_ms: int) -> bool:
    """Put off an allowance that ends; False if another function ends it."""
    return AllowanceRow.open.claim(account_id, month, due_at=due_at_ms, again_at=again_at_ms)
