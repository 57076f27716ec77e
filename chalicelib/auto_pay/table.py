"""The door to the table `auto_pay`."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from zlib import crc32

import msgspec
from msgspec.structs import asdict
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.conflicts import conditional_transaction, conditional_write
from chalicelib.daily_look import due_of
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.tables import Table, TableMeta
from chalicelib.typed import convert

SHARDS: Final = 8
"""Partitions of the index of what is due. One takes 1,000 writes a second; eight never are what holds it up."""


class DueIndex(GlobalSecondaryIndex["AutoPayRow"]):  # type: ignore[no-untyped-call]
    """Accounts to look at even if nothing happens, by when, and no others. Only its keys are read here."""

    class Meta:
        index_name = "due"
        projection = IncludeProjection(["version"])

    due_shard = UnicodeAttribute(hash_key=True)
    due_at_ms = NumberAttribute(range_key=True)


class AutoPayRow(Table):
    """One row an account. Its stream tells the rest of the system of a suspension.

    `due_at_ms` is when it is due in the index: if `is_daily`, for its daily look, with its own time in `own_due_at_ms`.
    """

    class Meta(metaclass=TableMeta):
        setting = "auto_pay_table"

    account_id = UnicodeAttribute(hash_key=True)
    enabled = BooleanAttribute()
    threshold_micros = NumberAttribute()
    amount_micros = NumberAttribute()
    monthly_limit_micros = NumberAttribute(null=True)
    actor = UnicodeAttribute()
    updated_at_ms = NumberAttribute()
    in_flight_payment_id = UnicodeAttribute(null=True)
    charged_card = JSONAttribute(null=True)
    failures = NumberAttribute()
    failed_at_ms = NumberAttribute(null=True)
    suspended_reason = UnicodeAttribute(null=True)
    next_attempt_at_ms = NumberAttribute(null=True)
    last_refusal = JSONAttribute(null=True)
    due_at_ms = NumberAttribute(null=True)
    is_daily = BooleanAttribute(null=True)
    own_due_at_ms = NumberAttribute(null=True)
    objections = JSONAttribute(null=True)
    held_by = JSONAttribute(null=True)
    refunds_known_micros = NumberAttribute(null=True)
    refunded_micros = NumberAttribute(null=True)
    refunded_at_ms = NumberAttribute(null=True)
    version = NumberAttribute()
    due_shard = UnicodeAttribute(null=True)
    due = DueIndex()


def find(account_id: str) -> AutoPay | None:
    """Read an account's auto-pay, strongly consistent; None when it was never set."""
    try:
        return _auto_pay(AutoPayRow.get(account_id, consistent_read=True))
    except AutoPayRow.DoesNotExist:
        return None


def find_many(account_ids: Iterable[str]) -> dict[str, AutoPay]:
    """Read the auto-pay of several accounts, strongly consistent; those that have none are left out."""
    return {row.account_id: _auto_pay(row) for row in AutoPayRow.batch_get(set(account_ids), consistent_read=True)}


def write(auto_pay: AutoPay, *, over: int, payment: Payment | None = None) -> bool:
    """Write auto-pay, and with it a new payment, both or neither; False when a concurrent write came first.

    It is written on condition that the row still has the version `over`: 0 for a row that is not there yet.
    """
    unchanged = AutoPayRow.version == over if over else AutoPayRow.account_id.does_not_exist()

    def add_writes(transaction: TransactWrite) -> None:
        transaction.save(AutoPayRow(**_attributes(auto_pay)), condition=unchanged)
        if payment:
            payments.add_new(transaction, payment)

    return conditional_transaction(add_writes)


def due(now_ms: int, limit: int) -> Iterator[tuple[str, int]]:
    """Yield the accounts to be looked at by now, with when they were due: at most `limit` a shard, oldest first.

    Only keys are read, which DynamoDB never keeps without their type: no row that is wrong hides the others. The index
    may be a moment behind: read a row again before acting on it.
    """
    for shard in range(SHARDS):
        rows = AutoPayRow.due.query(
            str(shard),
            DueIndex.due_at_ms <= now_ms,
            limit=limit,
            page_size=limit,
            attributes_to_get=["account_id", "due_at_ms"],
        )
        yield from [(row.account_id, int(row.due_at_ms)) for row in rows]


def claim(account_id: str, due_at_ms: int, *, again_at_ms: int) -> bool:
    """Put an account that is due off to a later time, if it still was due then; False when somebody else did."""
    return _look_at(account_id, again_at_ms, AutoPayRow.due_at_ms == due_at_ms)


def mark_due(account_id: str, moment_ms: int) -> None:
    """Have an account looked at from a moment on. Nothing happens where there is no auto-pay."""
    _look_at(account_id, moment_ms, AutoPayRow.account_id.exists())


def without_due() -> Iterator[str]:
    """Yield the accounts that are switched on and never due: rows of before there was a daily look. Reads the table."""
    never = (AutoPayRow.enabled == True) & AutoPayRow.due_at_ms.does_not_exist()  # noqa: E712
    for row in AutoPayRow.scan(never, attributes_to_get=["account_id"]):
        yield row.account_id


def _look_at(account_id: str, moment_ms: int, condition: Any) -> bool:
    """Set when an account is due. The version moves, so that nobody who has read the row before undoes it.

    The row is not read back, as `AutoPayRow.update` would: one that cannot be read can be put off all the same.
    """
    actions: list[Action] = [
        AutoPayRow.due_at_ms.set(moment_ms),
        AutoPayRow.is_daily.remove(),
        AutoPayRow.due_shard.set(_shard(account_id)),
        AutoPayRow.version.add(1),
    ]
    return conditional_write(AutoPayRow._get_connection().update_item, account_id, actions=actions, condition=condition)


def _shard(account_id: str) -> str:
    return str(crc32(account_id.encode()) % SHARDS)


def _attributes(auto_pay: AutoPay) -> dict[str, Any]:
    """Return a row's attributes."""
    due = due_of(auto_pay.account_id, auto_pay.due_at_ms, clock.now_ms(), waits=auto_pay.enabled)
    return {
        **asdict(auto_pay),
        "charged_card": msgspec.to_builtins(auto_pay.charged_card),
        "last_refusal": msgspec.to_builtins(auto_pay.last_refusal),
        "due_at_ms": due.at_ms,
        "is_daily": due.is_daily or None,
        "own_due_at_ms": due.own_ms,
        "due_shard": None if due.at_ms is None else _shard(auto_pay.account_id),
    }


def _auto_pay(row: AutoPayRow) -> AutoPay:
    values = {name: getattr(row, name) for name in AutoPay.__struct_fields__}
    held = {"held_by": values["held_by"] or (), "refunded_micros": values["refunded_micros"] or 0}
    due_at_ms = row.own_due_at_ms if row.is_daily else row.due_at_ms
    return convert({**values, **held, "due_at_ms": due_at_ms}, AutoPay)
