"""Take the records of the streams: they only say which accounts to look at, so twice, late or out of order is no harm.

An account that cannot be looked at stops no other, not even those behind it on its shard: it is put on the renewals
queue, which tries it again by itself. Only when even that fails, or when nobody can tell what a record is about, does
the record go back to its stream.
"""

from collections.abc import Sequence
from functools import partial

from chalicelib.auto_pay.trigger import account_id_of, differs
from chalicelib.batches import Record, each_record
from chalicelib.catalog.catalog import Catalog
from chalicelib.subscriptions import queue, table
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.dunning import is_blocked_by_dispute
from chalicelib.subscriptions.queue import RenewalMessage
from chalicelib.subscriptions.subscription import OWING


def payments_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Follow the subscriptions whose payments have moved on; return the sequence numbers of what must come again."""
    handle = partial(_follow_payment, catalog=catalog)
    message = "a subscription could not follow its payment"
    return each_record(records, handle, message=message, otherwise=_queue_payment)


def cards_moved(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Try another card at once where a period is owed; return the sequence numbers of what must come again."""
    handle = partial(_try_card, catalog=catalog)
    message = "another card could not be tried for a subscription"
    return each_record(records, handle, message=message, otherwise=_queue_account)


def _queue_payment(record: Record) -> None:
    """Have the queue follow a payment that could not be followed. Raises KeyError where a record names none."""
    queue.send(RenewalMessage(account_id_of(record), record["dynamodb"]["NewImage"]["payment_id"]["S"]))


def _queue_account(record: Record) -> None:
    """Have the queue look at an account whose card could not be tried."""
    queue.send(RenewalMessage(account_id_of(record)))


def _follow_payment(record: Record, catalog: Catalog) -> None:
    image = record["dynamodb"].get("NewImage") or {}
    if image.get("kind", {}).get("S") == "subscription" and differs(record, "state"):
        advance_subscription(account_id_of(record), catalog, payment_id=image["payment_id"]["S"])
    elif differs(record, "state", "dispute_status", "fraud_warning"):
        _go_on(account_id_of(record), catalog)


def _go_on(account_id: str, catalog: Catalog) -> None:
    """Look at a subscription whose card was not charged because of a dispute: it may be won, or answered by hand."""
    subscription = table.find(account_id)
    if subscription and is_blocked_by_dispute(subscription):
        advance_subscription(account_id, catalog)


def _try_card(record: Record, catalog: Catalog) -> None:
    if not differs(record, "card", "stripe_customer_id"):
        return
    subscription = table.find(account_id_of(record))
    if subscription and subscription.status in OWING:
        advance_subscription(subscription.account_id, catalog)
