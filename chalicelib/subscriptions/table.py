"""The door to the table `subscriptions`."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.conflicts import conditional_transaction, conditional_write
from chalicelib.due import daily_look_ms, due_of
from chalicelib.due_index import DailyIndex, DailyRow, daily_attributes
from chalicelib.idempotency import Key, add_done
from chalicelib.invoices import table as invoices
from chalicelib.invoices.invoice import Invoice
from chalicelib.payments import table as payments
from chalicelib.payments.lifecycle import with_late_decision
from chalicelib.payments.payment import Payment
from chalicelib.subscriptions.reminder import reminder_at_ms
from chalicelib.subscriptions.subscription import OWING, RUNNING, Subscription, SubscriptionNotFound
from chalicelib.tables import Rows, TableMeta, image_reader, set_or_remove
from chalicelib.typed import convert


class SubscriptionRow(DailyRow):
    """One row per account. Its stream reports every change to the rest of the system."""

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
    declined_default = JSONAttribute(null=True)
    access_until_ms = NumberAttribute(null=True)
    resumed_at_ms = NumberAttribute(null=True)
    trial_end_ms = NumberAttribute(null=True)
    trial = JSONAttribute(null=True)
    started_at_ms = NumberAttribute(null=True)
    ended_at_ms = NumberAttribute(null=True)
    held = JSONAttribute(null=True)
    pause = JSONAttribute(null=True)
    cancellation = JSONAttribute(null=True)
    reminded_of_ms = NumberAttribute(null=True)
    in_use = JSONAttribute()
    version = NumberAttribute()
    changed_by = UnicodeAttribute(null=True)
    due: DailyIndex["SubscriptionRow"] = DailyIndex()


def find(account_id: str) -> Subscription | None:
    """Read an account's subscription, strongly consistent; None if it never had one."""
    try:
        return subscription_of(SubscriptionRow.get(account_id, consistent_read=True))
    except SubscriptionRow.DoesNotExist:
        return None


def find_in(rows: Rows, account_id: str) -> Subscription | None:
    """Find an account's subscription among rows that were read; None if it never had one."""
    row = rows.find(SubscriptionRow, account_id)
    return subscription_of(row) if row else None


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
    late_payment: Payment | None = None,
    done: Key | None = None,
    unless_archived: bool = False,
    by: str | None = None,
) -> bool:
    """Write a subscription together with a new payment, an invoice, the key of the request, and when access closes.

    `late_payment` is one that takes effect with this write, which also marks it as applied on its own row.
    Everything is written or nothing, on condition that the row still has the version of `over`, that no other write has
    done what the key was claimed for, and with `unless_archived` that the account is not archived. False if a
    concurrent write came first.
    """
    condition = SubscriptionRow.version == over.version if over else SubscriptionRow.account_id.does_not_exist()
    row = row_of(wanted, by)
    access_changes = wanted.access_until_ms != (over.access_until_ms if over else None)
    if not (payment or invoice or late_payment or done or access_changes or unless_archived):
        return conditional_write(row.save, condition=condition)

    def add_writes(transaction: TransactWrite) -> None:
        transaction.save(row, condition=condition)
        if payment:
            payments.add_new(transaction, payment)
        if late_payment:
            marked = payments.changed(with_late_decision(late_payment, "applied"), over=late_payment)
            payments.add_change(transaction, marked, over=late_payment.version)
        if invoice:
            invoices.add_to(transaction, invoice)
        if done:
            add_done(transaction, wanted.account_id, done)
        _add_account(transaction, wanted, access_changes=access_changes, unless_archived=unless_archived)

    return conditional_transaction(add_writes)


def _add_account(
    transaction: TransactWrite, wanted: Subscription, *, access_changes: bool, unless_archived: bool
) -> None:
    """Add what a write does to the account's row, or requires of it: a transaction has one part for each row."""
    account_id, until_ms = wanted.account_id, wanted.access_until_ms
    if access_changes:
        accounts.add_access_until(transaction, account_id, until_ms, unless_archived=unless_archived)
    elif unless_archived:
        accounts.add_not_archived(transaction, account_id)


def add_none_running(transaction: TransactWrite, account_id: str) -> None:
    """Let a transaction fail if an account has a subscription that is not over."""
    status = SubscriptionRow.status
    never_began = (status == "incomplete") & SubscriptionRow.pending.does_not_exist()
    is_over = status.does_not_exist() | (status == "canceled") | never_began
    transaction.condition_check(SubscriptionRow, account_id, condition=is_over)


def due(now_ms: int, *, first_shard: int = 0) -> Iterator[str]:
    """Yield the accounts whose subscription is due by now, shard by shard, the most overdue of each first."""
    for row in SubscriptionRow.due.due_by(now_ms, first=first_shard):
        yield row.account_id


def without_look() -> Iterator[str]:
    """Yield the accounts that run without a look: rows older than reminders, or without one. Scans the table."""
    is_without = SubscriptionRow.status.is_in(*RUNNING) & SubscriptionRow.is_daily.does_not_exist()
    for row in SubscriptionRow.scan(is_without, attributes_to_get=["account_id"]):
        yield row.account_id


def schedule_reminder(account_id: str, now_ms: int) -> None:
    """Have a subscription looked at when its reminder is due, if it has one and is not due before."""
    seen = find(account_id)
    at_ms = reminder_at_ms(seen, now_ms) if seen else None
    if seen is None or at_ms is None or (seen.due_at_ms is not None and seen.due_at_ms <= at_ms):
        return
    also = [SubscriptionRow.is_daily.set(True), set_or_remove(SubscriptionRow.own_due_at_ms, seen.due_at_ms)]
    is_unchanged = SubscriptionRow.version == seen.version
    SubscriptionRow.due.put(account_id, due_at=at_ms, condition=is_unchanged, also=also)


def without_due() -> Iterator[str]:
    """Yield the accounts that owe a period and are never due: rows older than the daily look. Scans the table."""
    never = SubscriptionRow.status.is_in(*OWING) & SubscriptionRow.due_at_ms.does_not_exist()
    for row in SubscriptionRow.scan(never, attributes_to_get=["account_id"]):
        yield row.account_id


def schedule_daily_look(account_id: str, now_ms: int) -> None:
    """Give a subscription that owes a period and is never due a daily look."""
    never_due = SubscriptionRow.status.is_in(*OWING) & SubscriptionRow.due_at_ms.does_not_exist()
    daily = [SubscriptionRow.is_daily.set(True)]
    SubscriptionRow.due.put(account_id, due_at=daily_look_ms(account_id, now_ms), condition=never_due, also=daily)


def put_off(seen: Subscription, now_ms: int) -> None:
    """Postpone the daily look of a subscription, if it is due, to the next day, or to the row's own time if earlier."""
    is_daily, own_ms = SubscriptionRow.is_daily, seen.due_at_ms
    next_ms = daily_look_ms(seen.account_id, now_ms)
    own_comes_first = own_ms is not None and own_ms <= next_ms
    is_due = (is_daily == True) & (SubscriptionRow.due_at_ms <= now_ms)  # noqa: E712
    SubscriptionRow.due.put(
        seen.account_id,
        due_at=next_ms if own_ms is None else min(next_ms, own_ms),
        condition=is_due & (SubscriptionRow.version == seen.version),
        also=[is_daily.remove() if own_comes_first else is_daily.set(True)],
    )


def row_of(subscription: Subscription, by: str | None = None) -> SubscriptionRow:
    """Return a subscription's row, in which the terms and their contents are not nested."""
    values: dict[str, Any] = msgspec.to_builtins(subscription)
    terms = values.pop("terms")
    contents = terms.pop("contents")
    account_id, waits, now_ms = subscription.account_id, subscription.status in OWING, clock.now_ms()
    look_ms = reminder_at_ms(subscription, now_ms)
    due = due_of(account_id, subscription.due_at_ms, now_ms, waits=waits, look_ms=look_ms)
    return SubscriptionRow(**{**values, **terms, **contents, **daily_attributes(account_id, due)}, changed_by=by)


def subscription_of(row: SubscriptionRow) -> Subscription:
    """Return the subscription of a row. Raises msgspec.ValidationError."""
    values = row.values()
    terms = {**values, "contents": values}
    return convert({**values, "terms": terms, "due_at_ms": row.own_time_ms}, Subscription)


read_image: Final = image_reader(SubscriptionRow, subscription_of)
