"""The door to the table `reversals`: refunds and disputes, a row each.

All rows of a payment change together with the payment's own row and on condition of its version, so what one reads of
a payment and what one decides by it never part.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final
from zlib import crc32

import msgspec
from msgspec.structs import asdict, replace
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from chalicelib.clock import iso
from chalicelib.conflicts import attempts, conditional_transaction
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.table import WRITERS, PaymentBusy
from chalicelib.reversals import dispute as disputing
from chalicelib.reversals import refund as refunding
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.reversal import Reversals
from chalicelib.tables import Table, TableMeta
from chalicelib.typed import convert

SHARDS: Final = 4
"""Partitions of the index of what is not settled. Refunds and disputes are few; more would only be more looks."""

GUARD: Final = "guard"
"""Sort key of the row that counts the refunds begun on an account; before all others, which begin with `pay_`."""

Rule = Callable[[Reversals], Reversals]


class Due(msgspec.Struct, frozen=True):
    """A refund or dispute to be looked at."""

    account_id: str
    payment_id: str
    type: str
    id: str


class UnsettledIndex(GlobalSecondaryIndex["ReversalRow"]):  # type: ignore[no-untyped-call]
    """Refunds and disputes of which more may come, by when to look at them next, and no others."""

    class Meta:
        index_name = "unsettled"
        projection = KeysOnlyProjection()

    unsettled_shard = UnicodeAttribute(hash_key=True)
    check_at = UnicodeAttribute(range_key=True)


class ReversalRow(Table):
    """One row a refund or dispute; `reversal_key` is the payment, the type and the id. All else is of one type only."""

    class Meta(metaclass=TableMeta):
        setting = "reversals_table"

    account_id = UnicodeAttribute(hash_key=True)
    reversal_key = UnicodeAttribute(range_key=True)
    unsettled_shard = UnicodeAttribute(null=True)
    check_at = UnicodeAttribute(null=True)
    unsettled = UnsettledIndex()

    payment_id = UnicodeAttribute(null=True)
    amount_micros = NumberAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    moves_wallet = BooleanAttribute(null=True)
    stripe_account = UnicodeAttribute(null=True)
    updated_at_ms = NumberAttribute(null=True)
    posted = NumberAttribute(null=True)
    checks = NumberAttribute(null=True)

    refund_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    stripe_refund_id = UnicodeAttribute(null=True)
    created_at_ms = NumberAttribute(null=True)
    refunded_at_ms = NumberAttribute(null=True)
    failed_at_ms = NumberAttribute(null=True)
    failure = JSONAttribute(null=True)
    actor = UnicodeAttribute(null=True)
    attempt = NumberAttribute(null=True)
    spent_at_ms = NumberAttribute(null=True)

    dispute_id = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    opened_at_ms = NumberAttribute(null=True)
    due_by_ms = NumberAttribute(null=True)
    moved = JSONAttribute(null=True)
    movements = JSONAttribute(null=True)

    begun = NumberAttribute(null=True)


def read(payment: Payment) -> Reversals:
    """Read what became of a payment, strongly consistent. `payment` must have been read before."""
    prefix = ReversalRow.reversal_key.startswith(f"{payment.payment_id}#")
    return _together(payment, ReversalRow.query(payment.account_id, prefix, consistent_read=True))


def of_account(account_id: str) -> tuple[list[Refund], list[Dispute]]:
    """Read all refunds and disputes of an account, strongly consistent."""
    rows = list(ReversalRow.query(account_id, ReversalRow.reversal_key > GUARD + "~", consistent_read=True))
    return [_refund(row) for row in rows if row.refund_id], [_dispute(row) for row in rows if row.dispute_id]


def begun(account_id: str) -> int:
    """Return how many refunds were begun on an account, strongly consistent."""
    try:
        return int(ReversalRow.get(account_id, GUARD, consistent_read=True).begun or 0)
    except ReversalRow.DoesNotExist:
        return 0


def change(payment: Payment, rule: Rule) -> Reversals:
    """Apply a rule to a payment's refunds and disputes as they are now, and write what it changes; return all of them.

    Raises PaymentBusy, PaymentNotFound.
    """
    for _ in attempts(WRITERS):
        seen = read(payments.get(payment.account_id, payment.payment_id))
        wanted = rule(seen)
        if wanted == seen:
            return seen
        written = write(seen, wanted)
        if written:
            return written
    raise PaymentBusy(f"payment {payment.payment_id} was changed by others {WRITERS} times; try again")


def write(seen: Reversals, wanted: Reversals, *, begun: int | None = None) -> Reversals | None:
    """Write what differs, in one transaction with the payment's next version; None if a concurrent write came first.

    With `begun`, also on condition that no refund of the account was begun since that many were.
    """
    stamped = _stamped(seen, wanted)
    before = {_key(each): each for each in seen.rows}

    def add_writes(transaction: TransactWrite) -> None:
        payments.add_change(transaction, stamped.payment, over=seen.payment.version)
        for each in stamped.rows:
            if before.get(_key(each)) != each:
                transaction.save(ReversalRow(**_attributes(each)))
        if begun is not None:
            _count(transaction, seen.payment.account_id, begun)

    return stamped if conditional_transaction(add_writes) else None


def _count(transaction: TransactWrite, account_id: str, begun: int) -> None:
    unchanged = ReversalRow.begun == begun if begun else ReversalRow.begun.does_not_exist()
    transaction.update(ReversalRow(account_id, GUARD), [ReversalRow.begun.set(begun + 1)], condition=unchanged)


def _stamped(seen: Reversals, wanted: Reversals) -> Reversals:
    """Return what is wanted with the payment's next version, and the time on all that differs."""
    payment = payments.changed(wanted.payment, over=seen.payment)
    now_ms = payment.updated_at_ms
    return Reversals(
        payment,
        tuple(each if each in seen.refunds else replace(each, updated_at_ms=now_ms) for each in wanted.refunds),
        tuple(each if each in seen.disputes else replace(each, updated_at_ms=now_ms) for each in wanted.disputes),
    )


def due(now_ms: int, limit: int) -> Iterator[tuple[str, str]]:
    """Yield account and key of what is to be looked at by now, at most `limit` a shard, most overdue first.

    The index may be a moment behind: read again before acting.
    """
    first = now_ms // 1000  # another shard each time, so that none is always the last one when time runs out
    for shard in (number % SHARDS for number in range(first, first + SHARDS)):
        due_by_now = UnsettledIndex.check_at <= iso(now_ms)
        for row in ReversalRow.unsettled.query(str(shard), due_by_now, limit=limit, page_size=limit):
            yield row.account_id, row.reversal_key


def due_of(account_id: str, reversal_key: str) -> Due:
    """Return what a key names. Raises ValueError for a key that names no refund or dispute."""
    payment_id, kind, identifier = reversal_key.split("#", 2)
    return Due(account_id, payment_id, kind, identifier)


def _key(reversal: Refund | Dispute) -> str:
    if isinstance(reversal, Refund):
        return f"{reversal.payment_id}#refund#{reversal.refund_id}"
    return f"{reversal.payment_id}#dispute#{reversal.dispute_id}"


def _attributes(reversal: Refund | Dispute) -> dict[str, Any]:
    """Return a row's attributes."""
    key = _key(reversal)
    check_at_ms = refunding.check_at_ms(reversal) if isinstance(reversal, Refund) else disputing.check_at_ms(reversal)
    values = asdict(reversal)
    for name in {"failure", "moved", "movements"} & values.keys():
        values[name] = msgspec.to_builtins(values[name])
    return {
        **values,
        "reversal_key": key,
        "unsettled_shard": None if check_at_ms is None else str(crc32(key.encode()) % SHARDS),
        "check_at": None if check_at_ms is None else iso(check_at_ms),
    }


def _together(payment: Payment, rows: Any) -> Reversals:
    found = list(rows)
    refunds = sorted((_refund(row) for row in found if row.refund_id), key=lambda each: each.refund_id)
    disputes = sorted(
        (_dispute(row) for row in found if row.dispute_id), key=lambda each: (each.opened_at_ms, each.dispute_id)
    )
    return Reversals(payment, tuple(refunds), tuple(disputes))


def _refund(row: ReversalRow) -> Refund:
    return convert({name: getattr(row, name) for name in Refund.__struct_fields__}, Refund)


def _dispute(row: ReversalRow) -> Dispute:
    return convert({name: getattr(row, name) for name in Dispute.__struct_fields__}, Dispute)
