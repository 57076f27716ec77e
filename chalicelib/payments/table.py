"""The door to the table `payments`."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.backoff import attempts
from chalicelib.conflicts import conditional_write
from chalicelib.due import shard_of
from chalicelib.errors import Busy
from chalicelib.payments.cursor import read_cursor, write_cursor
from chalicelib.payments.due import place_of
from chalicelib.payments.indexes import ByDayIndex, FollowUpIndex, UnresolvedIndex
from chalicelib.payments.payment import DAY_MS, ENDED, Payment, PaymentNotFound
from chalicelib.payments.place import first_id
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.stripe_api.stripe_day import stripe_day
from chalicelib.tables import Table, TableMeta, image_reader, set_or_remove
from chalicelib.typed import convert

FOLLOW_UP_MS: Final = 30 * 60 * 1000
"""How long the streams and queues have for what follows from a change, before it is followed up."""

ATTEMPTS: Final = 10
"""More than there are writers of one payment at once: the request, its repeat, a few webhooks and the sweeper."""

UNRESOLVED_FOR_MS: Final = 35 * DAY_MS
"""How far back the unresolved payments of an account are looked for; the sweeper ends each within a day or two."""

REVERSIBLE_FOR_MS: Final = 180 * DAY_MS
"""How far back auto-pay looks for disputes. Most card networks allow them for 120 days
(docs.stripe.com/disputes/how-disputes-work)."""

Rule = Callable[[Payment], Payment]


class PaymentBusy(Busy):
    """Too many changes of one payment, or of its refunds and disputes, at once."""

    type = "payment-busy"
    title = "The payment is being changed by others"


class PaymentRow(Table):
    """One row a payment. `unresolved_shard` and `check_at`, its place in the index, go when it is final.

    `follow_up_shard` and `follow_up_at_ms` come with each change of one that has succeeded (see `follow_up_index`).
    `stripe_day` never changes; rows that are older than it are in no day (see `day_index`).
    """

    class Meta(metaclass=TableMeta):
        setting = "payments_table"

    account_id = UnicodeAttribute(hash_key=True)
    payment_id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    state = UnicodeAttribute()
    amount_micros = NumberAttribute()
    currency = UnicodeAttribute()
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    state_at_ms = NumberAttribute()
    workspace_id = UnicodeAttribute(null=True)
    stripe_account = UnicodeAttribute(null=True)
    application_fee_micros = NumberAttribute(default=0)
    off_session = BooleanAttribute(default=False)
    lines = JSONAttribute(null=True)
    tax = JSONAttribute(null=True)
    period_start_ms = NumberAttribute(null=True)
    period_end_ms = NumberAttribute(null=True)
    customer_id = UnicodeAttribute()
    payment_method_id = UnicodeAttribute()
    card_brand = UnicodeAttribute()
    card_last_four = UnicodeAttribute()
    card_fingerprint = UnicodeAttribute(null=True)
    payment_intent_id = UnicodeAttribute(null=True)
    charge_id = UnicodeAttribute(null=True)
    failure = JSONAttribute(null=True)
    refunded_micros = NumberAttribute(default=0)
    dispute_status = UnicodeAttribute(null=True)
    fraud_warning = UnicodeAttribute(null=True)
    objected_at_ms = NumberAttribute(null=True)
    sent_at_ms = NumberAttribute(null=True)
    intent_at_ms = NumberAttribute(null=True)
    actor = UnicodeAttribute()
    description = UnicodeAttribute()
    attempt = NumberAttribute()
    key_exhausted_at_ms = NumberAttribute(null=True, attr_name="spent_at_ms")
    intent_open = BooleanAttribute(null=True)
    late = UnicodeAttribute(null=True)
    closed_at_break_ms = NumberAttribute(null=True)
    checks = NumberAttribute()
    version = NumberAttribute()
    unresolved_shard = UnicodeAttribute(null=True)
    check_at = UnicodeAttribute(null=True)
    unresolved = UnresolvedIndex()
    follow_up_shard = UnicodeAttribute(null=True)
    follow_up_at_ms = NumberAttribute(null=True)
    follow_up = FollowUpIndex()
    stripe_day = UnicodeAttribute(null=True)
    by_day = ByDayIndex()


def find(account_id: str, payment_id: str) -> Payment | None:
    """Read a payment, strongly consistent; None when there is none."""
    try:
        return payment_of(PaymentRow.get(account_id, payment_id, consistent_read=True))
    except PaymentRow.DoesNotExist:
        return None


def get(account_id: str, payment_id: str) -> Payment:
    """Read a payment, strongly consistent. Raises PaymentNotFound."""
    payment = find(account_id, payment_id)
    if payment is None:
        raise PaymentNotFound(payment_id)
    return payment


def find_all(account_id: str, payment_ids: Iterable[str]) -> dict[str, Payment]:
    """Read some payments of an account, strongly consistent, with one call; without those that do not exist."""
    rows = PaymentRow.batch_get([(account_id, each) for each in payment_ids], consistent_read=True)
    return {row.payment_id: payment_of(row) for row in rows}


def put_new(payment: Payment) -> tuple[Payment, bool]:
    """Write a new payment, unless it is there; return the one that is there, and whether it was written now."""
    row = _row_of(payment)
    applied = conditional_write(row.save, condition=PaymentRow.payment_id.does_not_exist())
    return (payment, True) if applied else (get(payment.account_id, payment.payment_id), False)


def add_new(transaction: TransactWrite, payment: Payment) -> None:
    """Add a new payment to a transaction that writes what it comes from; it fails if the payment is there."""
    transaction.save(_row_of(payment), condition=PaymentRow.payment_id.does_not_exist())


def change(payment: Payment, rule: Rule) -> Payment:
    """Apply a rule to a payment as it is now, and write it if that changes it; return it as it then is.

    `payment` is as the caller last read it. When a concurrent write came first, the rule is applied again, to what that
    one wrote, so no change is lost. Raises PaymentBusy, PaymentNotFound.
    """
    for attempt in attempts(ATTEMPTS):
        current = get(payment.account_id, payment.payment_id) if attempt else payment
        wanted = rule(current)
        if wanted == current:
            return current
        wanted = changed(wanted, over=current)
        if _write(wanted, over=current.version):
            return wanted
    raise PaymentBusy(f"payment {payment.payment_id} was changed by others {ATTEMPTS} times; try again")


def changed(payment: Payment, over: Payment) -> Payment:
    """Return a payment as the version after `over`, changed now."""
    now_ms = clock.now_ms()
    state_at_ms = over.state_at_ms if payment.state == over.state else now_ms
    return replace(payment, updated_at_ms=now_ms, state_at_ms=state_at_ms, version=over.version + 1)


def add_change(transaction: TransactWrite, payment: Payment, over: int) -> None:
    """Add a change of a payment to a transaction, which fails if its row has another version than `over`."""
    row = PaymentRow(payment.account_id, payment.payment_id)
    transaction.update(row, _actions(payment), condition=PaymentRow.version == over)


def _write(payment: Payment, over: int) -> bool:
    """Write what may change of a payment, on condition that its row still has the version `over`."""
    row = PaymentRow(payment.account_id, payment.payment_id)
    return conditional_write(row.update, _actions(payment), condition=PaymentRow.version == over)


def _actions(payment: Payment) -> list[Action]:
    """Return how what may change of a payment is written."""
    row = _row_of(payment)
    return [
        set_or_remove(PaymentRow.state, row.state),
        set_or_remove(PaymentRow.state_at_ms, row.state_at_ms),
        set_or_remove(PaymentRow.updated_at_ms, row.updated_at_ms),
        set_or_remove(PaymentRow.payment_intent_id, row.payment_intent_id),
        set_or_remove(PaymentRow.charge_id, row.charge_id),
        set_or_remove(PaymentRow.failure, row.failure),
        set_or_remove(PaymentRow.refunded_micros, row.refunded_micros),
        set_or_remove(PaymentRow.dispute_status, row.dispute_status),
        set_or_remove(PaymentRow.fraud_warning, row.fraud_warning),
        set_or_remove(PaymentRow.objected_at_ms, row.objected_at_ms),
        set_or_remove(PaymentRow.sent_at_ms, row.sent_at_ms),
        set_or_remove(PaymentRow.intent_at_ms, row.intent_at_ms),
        set_or_remove(PaymentRow.attempt, row.attempt),
        set_or_remove(PaymentRow.key_exhausted_at_ms, row.key_exhausted_at_ms),
        set_or_remove(PaymentRow.intent_open, row.intent_open),
        set_or_remove(PaymentRow.late, row.late),
        set_or_remove(PaymentRow.closed_at_break_ms, row.closed_at_break_ms),
        set_or_remove(PaymentRow.checks, row.checks),
        set_or_remove(PaymentRow.version, row.version),
        set_or_remove(PaymentRow.unresolved_shard, row.unresolved_shard),
        set_or_remove(PaymentRow.check_at, row.check_at),
        set_or_remove(PaymentRow.follow_up_shard, row.follow_up_shard),
        set_or_remove(PaymentRow.follow_up_at_ms, row.follow_up_at_ms),
    ]


class PaymentBatch(msgspec.Struct, frozen=True):
    """A batch of a list. `next_cursor` is None at the end."""

    payments: list[Payment]
    next_cursor: str | None


def newest(account_id: str, *, limit: int, cursor: str | None = None) -> PaymentBatch:
    """List an account's payments, newest first. Raises InvalidCursor."""
    before = PaymentRow.payment_id < read_cursor(cursor) if cursor else None
    rows = PaymentRow.query(
        account_id, before, scan_index_forward=False, limit=limit + 1, page_size=limit + 1, consistent_read=True
    )
    found = [payment_of(row) for row in rows]
    more = len(found) > limit
    return PaymentBatch(found[:limit], write_cursor(found[limit - 1].payment_id) if more else None)


def unresolved(account_id: str, now_ms: int) -> list[Payment]:
    """Return the payments of an account that have not ended, newest first, strongly consistent."""
    return _since(account_id, now_ms - UNRESOLVED_FOR_MS, ~PaymentRow.state.is_in(*ENDED))


def recent(account_id: str, now_ms: int) -> list[Payment]:
    """Return the payments of the last 35 days, newest first, strongly consistent: all of this month are among them."""
    return _since(account_id, now_ms - UNRESOLVED_FOR_MS)


def reversible(account_id: str, now_ms: int) -> list[Payment]:
    """Return all payments of the last 180 days, newest first, strongly consistent."""
    return _since(account_id, now_ms - REVERSIBLE_FOR_MS)


def reversed_since(account_id: str, now_ms: int) -> list[Payment]:
    """Return the payments of the last 180 days that were refunded, disputed or warned of, newest first, consistent."""
    return _since(account_id, now_ms - REVERSIBLE_FOR_MS, _is_reversed())


def recent_and_reversed(account_id: str, now_ms: int) -> tuple[list[Payment], list[Payment]]:
    """Return what `recent` and `reversed_since` return, by one read."""
    begun_ms = now_ms - UNRESOLVED_FOR_MS
    found = _since(account_id, now_ms - REVERSIBLE_FOR_MS, (PaymentRow.created_at_ms >= begun_ms) | _is_reversed())
    first_recent = first_id(begun_ms)
    return [each for each in found if each.payment_id > first_recent], [each for each in found if each.is_reversed]


def _is_reversed() -> Any:
    """Return the condition that a payment was refunded, disputed or warned of, as `Payment.is_reversed` says it."""
    return (PaymentRow.refunded_micros > 0) | PaymentRow.dispute_status.exists() | PaymentRow.fraud_warning.exists()


def between(account_id: str, from_ms: int, to_ms: int) -> list[Payment]:
    """Return the payments begun in a span of time (its end included), oldest id first, strongly consistent.

    Reads all payments of the account: for reconciliation only. An id may be older than its payment.
    """
    in_span = PaymentRow.created_at_ms.between(from_ms, to_ms)
    rows = PaymentRow.query(account_id, filter_condition=in_span, consistent_read=True)
    return [payment_of(row) for row in rows]


def _since(account_id: str, moment_ms: int, only: Any = None) -> list[Payment]:
    after = PaymentRow.payment_id > first_id(moment_ms)
    rows = PaymentRow.query(account_id, after, only, scan_index_forward=False, consistent_read=True)
    return [payment_of(row) for row in rows]


def _row_of(payment: Payment) -> PaymentRow:
    has_succeeded = payment.state == "succeeded"
    unresolved_shard, check_at = place_of(payment)
    return PaymentRow(
        **{**msgspec.to_builtins(payment), "lines": msgspec.to_builtins(payment.lines) or None},
        unresolved_shard=unresolved_shard,
        check_at=check_at,
        follow_up_shard=shard_of(payment.payment_id) if has_succeeded else None,
        follow_up_at_ms=payment.updated_at_ms + FOLLOW_UP_MS if has_succeeded else None,
        stripe_day=stripe_day(StripeAccount(payment.stripe_account), payment.created_at_ms, payment.payment_id),
    )


def payment_of(row: PaymentRow) -> Payment:
    """Return what a row says. Raises msgspec.ValidationError."""
    return convert({**row.values(), "lines": row.lines or ()}, Payment)


read_image: Final = image_reader(PaymentRow, payment_of)
