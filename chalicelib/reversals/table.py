"""The door to the table `reversals`: refunds and disputes, one row each.

All rows of a payment change together with the payment's own row and on condition of its version, so every decision is
written only if what was read of the payment is still current.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from chalicelib.backoff import attempts
from chalicelib.clock import iso
from chalicelib.conflicts import conditional_transaction
from chalicelib.due import shard_of
from chalicelib.due_index import DueIndex
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.table import ATTEMPTS, PaymentBusy
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.due import check_at_ms
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.reversal import Reversals
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.stripe_api.stripe_day import stripe_day
from chalicelib.tables import Table, TableMeta, image_reader
from chalicelib.typed import convert

GUARD: Final = "guard"
"""Sort key of the row that counts the refunds begun on an account. It precedes all others, which begin with `pay_`."""

Rule = Callable[[Reversals], Reversals]


class DueReversal(msgspec.Struct, frozen=True):
    """A refund or dispute that is due for a check; `type` is `refund` or `dispute`."""

    account_id: str
    payment_id: str
    type: str
    id: str


class UnsettledIndex(DueIndex["ReversalRow"]):
    """Refunds and disputes that may still change, and no others, by when to check them next."""

    class Meta:
        index_name = "unsettled"
        projection = KeysOnlyProjection()

    shards = 4  # refunds and disputes are few; more shards would only mean more queries
    shard = UnicodeAttribute(hash_key=True, attr_name="unsettled_shard")
    time = UnicodeAttribute(range_key=True, attr_name="check_at")


class ByDayIndex(GlobalSecondaryIndex["ReversalRow"]):  # type: ignore[no-untyped-call]
    """Refunds and disputes by the Stripe account and day that Stripe made them on (see `stripe_api.stripe_day`)."""

    class Meta:
        index_name = "by_day"
        projection = KeysOnlyProjection()

    stripe_day = UnicodeAttribute(hash_key=True)
    at_stripe_ms = NumberAttribute(range_key=True)


class ReversalRow(Table):
    """One row per refund or dispute; `reversal_key` is the payment, the type and the id. Types differ in attributes."""

    class Meta(metaclass=TableMeta):
        setting = "reversals_table"

    account_id = UnicodeAttribute(hash_key=True)
    reversal_key = UnicodeAttribute(range_key=True)
    unsettled_shard = UnicodeAttribute(null=True)
    check_at = UnicodeAttribute(null=True)
    unsettled = UnsettledIndex()
    stripe_day = UnicodeAttribute(null=True)
    at_stripe_ms = NumberAttribute(null=True)
    by_day = ByDayIndex()

    payment_id = UnicodeAttribute(null=True)
    amount_micros = NumberAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    moves_wallet = BooleanAttribute(null=True)
    returns_fee = BooleanAttribute(null=True)
    stripe_account = UnicodeAttribute(null=True)
    updated_at_ms = NumberAttribute(null=True)
    posted = NumberAttribute(null=True)
    closed_at_break_ms = NumberAttribute(null=True)
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
    key_exhausted_at_ms = NumberAttribute(null=True, attr_name="spent_at_ms")

    dispute_id = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    opened_at_ms = NumberAttribute(null=True)
    due_by_ms = NumberAttribute(null=True)
    balance_movements = JSONAttribute(null=True, attr_name="moved")
    wallet_movements = JSONAttribute(null=True, attr_name="movements")

    begun = NumberAttribute(null=True)


def read(payment: Payment) -> Reversals:
    """Read a payment's refunds and disputes, strongly consistent. `payment` must have been read before."""
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
    for _ in attempts(ATTEMPTS):
        seen = read(payments.get(payment.account_id, payment.payment_id))
        wanted = rule(seen)
        if wanted == seen:
            return seen
        written = write(seen, wanted)
        if written:
            return written
    raise PaymentBusy(f"payment {payment.payment_id} was changed by others {ATTEMPTS} times; try again")


def write(seen: Reversals, wanted: Reversals, *, begun: int | None = None) -> Reversals | None:
    """Write what differs, in one transaction with the payment's next version; None if a concurrent write came first.

    With `begun`, also on condition that this is still the number of refunds begun on the account.
    """
    stamped = _stamped(seen, wanted)
    before = {_key(each): each for each in seen.rows}

    def add_writes(transaction: TransactWrite) -> None:
        payments.add_change(transaction, stamped.payment, over=seen.payment.version)
        for each in stamped.rows:
            if before.get(_key(each)) != each:
                transaction.save(_row_of(each))
        if begun is not None:
            _count(transaction, seen.payment.account_id, begun)

    return stamped if conditional_transaction(add_writes) else None


def _count(transaction: TransactWrite, account_id: str, begun: int) -> None:
    unchanged = ReversalRow.begun == begun if begun else ReversalRow.begun.does_not_exist()
    transaction.update(ReversalRow(account_id, GUARD), [ReversalRow.begun.set(begun + 1)], condition=unchanged)


def _stamped(seen: Reversals, wanted: Reversals) -> Reversals:
    """Return `wanted` with the payment's next version, and the time on each refund and dispute that differs."""
    payment = payments.changed(wanted.payment, over=seen.payment)
    now_ms = payment.updated_at_ms
    return Reversals(
        payment,
        tuple(each if each in seen.refunds else replace(each, updated_at_ms=now_ms) for each in wanted.refunds),
        tuple(each if each in seen.disputes else replace(each, updated_at_ms=now_ms) for each in wanted.disputes),
    )


def due(now_ms: int, page_size: int) -> Iterator[Iterator[tuple[str, str]]]:
    """Yield for each shard account and key of the rows that are due by now, most overdue first, in pages."""
    first = now_ms // 1000  # another shard each time, so that none is always the last one when time runs out
    for rows in ReversalRow.unsettled.due_in_shards(iso(now_ms), page_size=page_size, first=first):
        yield ((row.account_id, row.reversal_key) for row in rows)


def parse_key(account_id: str, reversal_key: str) -> DueReversal:
    """Read a row's key. Raises ValueError for a key that names no refund or dispute."""
    payment_id, kind, identifier = reversal_key.split("#", 2)
    return DueReversal(account_id, payment_id, kind, identifier)


def _key(reversal: Refund | Dispute) -> str:
    if isinstance(reversal, Refund):
        return f"{reversal.payment_id}#refund#{reversal.refund_id}"
    return f"{reversal.payment_id}#dispute#{reversal.dispute_id}"


def _row_of(reversal: Refund | Dispute) -> ReversalRow:
    key = _key(reversal)
    checked_next_ms = check_at_ms(reversal)
    at_stripe_ms = reversal.refunded_at_ms if isinstance(reversal, Refund) else reversal.opened_at_ms
    day = None if at_stripe_ms is None else stripe_day(StripeAccount(reversal.stripe_account), at_stripe_ms, key)
    return ReversalRow(
        reversal_key=key,
        at_stripe_ms=at_stripe_ms,
        stripe_day=day,
        unsettled_shard=None if checked_next_ms is None else shard_of(key, UnsettledIndex.shards),
        check_at=None if checked_next_ms is None else iso(checked_next_ms),
        **msgspec.to_builtins(reversal),
    )


def _together(payment: Payment, rows: Any) -> Reversals:
    found = list(rows)
    refunds = sorted((_refund(row) for row in found if row.refund_id), key=lambda each: each.refund_id)
    disputes = sorted(
        (_dispute(row) for row in found if row.dispute_id), key=lambda each: (each.opened_at_ms, each.dispute_id)
    )
    return Reversals(payment, tuple(refunds), tuple(disputes))


def _refund(row: ReversalRow) -> Refund:
    return convert(row.values(), Refund)


def _dispute(row: ReversalRow) -> Dispute:
    return convert(row.values(), Dispute)


read_refund_image: Final = image_reader(ReversalRow, lambda row: _refund(row) if row.refund_id else None)
"""Reads a refund; None for the other rows of the table."""
