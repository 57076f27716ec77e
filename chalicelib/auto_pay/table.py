"""The door to the table `auto_pay`."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.conflicts import conditional_transaction
from chalicelib.due import due_of
from chalicelib.due_index import DailyIndex, DailyRow, daily_attributes
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.tables import Rows, TableMeta, image_reader
from chalicelib.typed import convert


class AutoPayRow(DailyRow):
    """One row per account. Its stream reports suspensions to the rest of the system."""

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
    declined_default = JSONAttribute(null=True)
    objections = JSONAttribute(null=True)
    held_by = JSONAttribute(null=True)
    refunds_known_micros = NumberAttribute(null=True)
    refunded_micros = NumberAttribute(null=True)
    refunded_at_ms = NumberAttribute(null=True)
    limit_use = JSONAttribute(null=True)
    version = NumberAttribute()
    due: DailyIndex["AutoPayRow"] = DailyIndex()


def find(account_id: str) -> AutoPay | None:
    """Read an account's auto-pay, strongly consistent; None when it was never set."""
    try:
        return auto_pay_of(AutoPayRow.get(account_id, consistent_read=True))
    except AutoPayRow.DoesNotExist:
        return None


def find_in(rows: Rows, account_id: str) -> AutoPay | None:
    """Find an account's auto-pay among rows that were read; None when it was never set."""
    row = rows.find(AutoPayRow, account_id)
    return auto_pay_of(row) if row else None


def find_many(account_ids: Iterable[str]) -> dict[str, AutoPay]:
    """Read the auto-pay of several accounts, strongly consistent; accounts that have none are left out."""
    return {row.account_id: auto_pay_of(row) for row in AutoPayRow.batch_get(set(account_ids), consistent_read=True)}


def write(auto_pay: AutoPay, *, over: int, payment: Payment | None = None, unless_archived: bool = False) -> bool:
    """Write auto-pay, and with it a new payment, both or neither; False if a concurrent write came first.

    It is written on condition that the row still has the version `over`, which is 0 for a row that does not exist yet,
    and with `unless_archived` that the account is not archived.
    """
    unchanged = AutoPayRow.version == over if over else AutoPayRow.account_id.does_not_exist()

    def add_writes(transaction: TransactWrite) -> None:
        transaction.save(_row_of(auto_pay), condition=unchanged)
        if payment:
            payments.add_new(transaction, payment)
        if unless_archived:
            accounts.add_not_archived(transaction, auto_pay.account_id)

    return conditional_transaction(add_writes)


def due(now_ms: int, limit: int) -> Iterator[tuple[str, int]]:
    """Yield the accounts that are due by now, with their due times: at most `limit` per shard, oldest first.

    Only keys are read. DynamoDB enforces their types, so a malformed row does not hide the others.
    """
    for row in AutoPayRow.due.due_by(now_ms, limit=limit, attributes_to_get=["account_id", "due_at_ms"]):
        yield row.account_id, int(row.due_at_ms)


def claim(account_id: str, due_at_ms: int, *, again_at_ms: int) -> bool:
    """Postpone a due account, on condition that its due time is still `due_at_ms`; False if that has changed."""
    return _put(account_id, again_at_ms, AutoPayRow.due_at_ms == due_at_ms)


def mark_due(account_id: str, moment_ms: int) -> None:
    """Make an account due at a moment. Does nothing if the account has no auto-pay."""
    _put(account_id, moment_ms, AutoPayRow.account_id.exists())


def without_due() -> Iterator[str]:
    """Yield the accounts with auto-pay on that are never due: rows older than the daily look. Scans the table."""
    never = (AutoPayRow.enabled == True) & AutoPayRow.due_at_ms.does_not_exist()  # noqa: E712
    for row in AutoPayRow.scan(never, attributes_to_get=["account_id"]):
        yield row.account_id


def _put(account_id: str, due_at_ms: int, condition: Condition) -> bool:
    """Set when an account is due. Increment the version, so that no writer that read the row before undoes it."""
    also = [AutoPayRow.is_daily.remove(), AutoPayRow.version.add(1)]
    return AutoPayRow.due.put(account_id, due_at=due_at_ms, condition=condition, also=also)


def _row_of(auto_pay: AutoPay) -> AutoPayRow:
    due = due_of(auto_pay.account_id, auto_pay.due_at_ms, clock.now_ms(), waits=auto_pay.enabled)
    return AutoPayRow(**{**msgspec.to_builtins(auto_pay), **daily_attributes(auto_pay.account_id, due)})


def auto_pay_of(row: AutoPayRow) -> AutoPay:
    """Return the auto-pay of a row. Raises msgspec.ValidationError."""
    absent = {"held_by": row.held_by or (), "refunded_micros": row.refunded_micros or 0}
    return convert({**row.values(), **absent, "due_at_ms": row.own_time_ms}, AutoPay)


read_image: Final = image_reader(AutoPayRow, auto_pay_of)
