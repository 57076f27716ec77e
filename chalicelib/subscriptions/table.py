"""The door to the table `subscriptions`."""

from collections.abc import Iterator
from typing import Any, Final
from zlib import crc32

import msgspec
from msgspec.structs import asdict
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.daily_look import daily_look_ms, due_of
from chalicelib.idempotency import Key, add_done
from chalicelib.invoices import table as invoices
from chalicelib.invoices.invoice import Invoice
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment, decided
from chalicelib.subscriptions.subscription import OWING, Contents, Prices, Subscription, SubscriptionNotFound, Terms
from chalicelib.tables import Table, TableMeta, connection, race
from chalicelib.typed import convert

SHARDS: Final = 8
"""Partitions of the index of what is due. One takes 1,000 writes a second; eight never are what holds it up."""


class DueIndex(GlobalSecondaryIndex["SubscriptionRow"]):  # type: ignore[no-untyped-call]
    """Subscriptions by when to look at them next, and no others."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at_ms = NumberAttribute(range_key=True)


class SubscriptionRow(Table):
    """One row an account. Its stream tells the rest of the system of every change.

    `due_at_ms` is when it is due in the index: if `is_daily`, for its daily look, with its own time in `own_due_at_ms`.
    """

    class Meta(metaclass=TableMeta):
        setting = "subscriptions_table"

    account_id = UnicodeAttribute(hash_key=True)
    currency = UnicodeAttribute()
    status = UnicodeAttribute()
    plan = UnicodeAttribute()
    add_ons = JSONAttribute()
    prices = JSONAttribute()
    anchor_ms = NumberAttribute()
    elapsed_months = NumberAttribute()
    period_start_ms = NumberAttribute()
    period_end_ms = NumberAttribute()
    actor = UnicodeAttribute()
    updated_at_ms = NumberAttribute()
    scheduled = JSONAttribute(null=True)
    carried_micros = NumberAttribute()
    cancel_at_period_end = BooleanAttribute()
    pending = JSONAttribute(null=True)
    expired_pending = JSONAttribute(attr_name="lapsed", null=True)
    paid_payment_id = UnicodeAttribute(null=True)
    attempt = NumberAttribute()
    never_made_attempts = NumberAttribute(attr_name="untaken", default=0)
    past_due_since_ms = NumberAttribute(null=True)
    failure = JSONAttribute(null=True)
    charged_card = UnicodeAttribute(null=True)
    access_until_ms = NumberAttribute(null=True)
    resumed_at_ms = NumberAttribute(null=True)
    trial_end_ms = NumberAttribute(null=True)
    trial = JSONAttribute(null=True)
    started_at_ms = NumberAttribute(null=True)
    ended_at_ms = NumberAttribute(null=True)
    held = JSONAttribute(null=True)
    in_use = JSONAttribute()
    due_at_ms = NumberAttribute(null=True)
    is_daily = BooleanAttribute(null=True)
    own_due_at_ms = NumberAttribute(null=True)
    version = NumberAttribute()
    due_shard = UnicodeAttribute(null=True)
    due = DueIndex()


def find(account_id: str) -> Subscription | None:
    """Read an account's subscription, strongly consistent; None when it never had one."""
    try:
        return _subscription(SubscriptionRow.get(account_id, consistent_read=True))
    except SubscriptionRow.DoesNotExist:
        return None


def get(account_id: str) -> Subscription:
    """Read an account's subscription, strongly consistent. Raises SubscriptionNotFound."""
    subscription = find(account_id)
    if subscription is None or not subscription.exists:
        raise SubscriptionNotFound(account_id)
    return subscription


def write(
    wanted: Subscription,
    *,
    over: Subscription | None,
    payment: Payment | None = None,
    invoice: Invoice | None = None,
    applied: Payment | None = None,
    done: Key | None = None,
) -> bool:
    """Write a subscription, with a new payment, an invoice, the key that asked for it, and when access closes.

    `applied` is a payment whose late money brings what is written: its row says so from the same moment on. All of it
    is written, or nothing: on condition that the row is still what it is written over, and that nobody has done yet
    what the key stands for. False when somebody else came first.
    """
    condition = SubscriptionRow.version == over.version if over else SubscriptionRow.account_id.does_not_exist()
    row = row_of(wanted)
    access_moves = wanted.access_until_ms != (over.access_until_ms if over else None)
    if not (payment or invoice or applied or done or access_moves):
        with race() as it:
            row.save(condition=condition)
        return it.won
    with race() as it, TransactWrite(connection=connection()) as transaction:
        transaction.save(row, condition=condition)
        if payment:
            payments.add_new(transaction, payment)
        if applied:
            marked = payments.changed(decided(applied, "applied"), over=applied)
            payments.add_change(transaction, marked, over=applied.version)
        if invoice:
            invoices.add_to(transaction, invoice)
        if done:
            add_done(transaction, wanted.account_id, done)
        if access_moves:
            accounts.add_access_until(transaction, wanted.account_id, wanted.access_until_ms)
    return it.won


def due(now_ms: int) -> Iterator[str]:
    """Yield the accounts whose subscription is to be looked at by now, the most overdue of each shard first.

    The index may be a moment behind: read a row again before acting on it.
    """
    for shard in range(SHARDS):
        for row in SubscriptionRow.due.query(str(shard), DueIndex.due_at_ms <= now_ms):
            yield row.account_id


def without_due() -> Iterator[str]:
    """Yield the accounts that owe a period and are never due: rows of before the daily look. Reads the table."""
    never = SubscriptionRow.status.is_in(*OWING) & SubscriptionRow.due_at_ms.does_not_exist()
    for row in SubscriptionRow.scan(never, attributes_to_get=["account_id"]):
        yield row.account_id


def look_daily(account_id: str, now_ms: int) -> None:
    """Have a subscription that is never due looked at once a day."""
    daily: list[Action] = [
        SubscriptionRow.due_at_ms.set(daily_look_ms(account_id, now_ms)),
        SubscriptionRow.is_daily.set(True),
        SubscriptionRow.due_shard.set(_shard(account_id)),
    ]
    owes = SubscriptionRow.status.is_in(*OWING) & SubscriptionRow.due_at_ms.does_not_exist()
    with race():
        SubscriptionRow(account_id).update(daily, condition=owes)


def put_off(seen: Subscription, now_ms: int) -> None:
    """Put the daily look at a subscription that owes off to the next day, or to its own time, if it is what is due."""
    is_daily, daily_ms = SubscriptionRow.is_daily, daily_look_ms(seen.account_id, now_ms)
    own_ms = seen.due_at_ms
    comes_first = own_ms is not None and own_ms <= daily_ms
    later: list[Action] = [
        SubscriptionRow.due_at_ms.set(min(daily_ms, daily_ms if own_ms is None else own_ms)),
        is_daily.remove() if comes_first else is_daily.set(True),
    ]
    is_due = (is_daily == True) & (SubscriptionRow.due_at_ms <= now_ms)  # noqa: E712
    with race():
        SubscriptionRow(seen.account_id).update(later, condition=is_due & (SubscriptionRow.version == seen.version))


def row_of(subscription: Subscription) -> SubscriptionRow:
    """Return a subscription's row: the terms one by one, for those who read the stream."""
    values: dict[str, Any] = {name: msgspec.to_builtins(each) for name, each in asdict(subscription).items()}
    terms = values.pop("terms")
    contents = terms.pop("contents")
    account_id, waits = subscription.account_id, subscription.status in OWING
    due = due_of(account_id, subscription.due_at_ms, clock.now_ms(), waits=waits)
    values |= {"due_at_ms": due.at_ms, "is_daily": due.is_daily or None, "own_due_at_ms": due.own_ms}
    due_shard = None if due.at_ms is None else _shard(account_id)
    return SubscriptionRow(**values, **terms, **contents, due_shard=due_shard)


def _shard(account_id: str) -> str:
    return str(crc32(account_id.encode()) % SHARDS)


def _subscription(row: SubscriptionRow) -> Subscription:
    values = {name: getattr(row, name) for name in Subscription.__struct_fields__ if name != "terms"}
    terms = Terms(
        contents=Contents(row.plan, row.add_ons),
        prices=convert(row.prices, Prices),
        anchor_ms=int(row.anchor_ms),
        elapsed_months=int(row.elapsed_months),
        period_start_ms=int(row.period_start_ms),
        period_end_ms=int(row.period_end_ms),
    )
    values["due_at_ms"] = row.own_due_at_ms if row.is_daily else row.due_at_ms
    return convert({**values, "terms": msgspec.to_builtins(terms)}, Subscription)
