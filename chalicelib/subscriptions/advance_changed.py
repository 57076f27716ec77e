"""Advance the subscriptions that stream records are about. Records delivered twice, late or out of order are harmless.

An account that cannot be handled does not block others, not even those behind it on its shard: it is put on the
renewals queue, which retries it. A record is delivered again by its stream only if queuing fails as well, or if its ids
cannot be read.
"""

from collections.abc import Sequence
from functools import partial

from chalicelib.batches import each_record
from chalicelib.cards.card import is_card_changed
from chalicelib.cards.table import read_card_image
from chalicelib.catalog.catalog import Catalog
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.streams import Change, Record
from chalicelib.subscriptions import queue, table
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.dunning import is_blocked_by_dispute
from chalicelib.subscriptions.queue import RenewalMessage
from chalicelib.subscriptions.subscription import OWING


def advance_changed_payments(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Advance the subscriptions whose payments changed; return the sequence numbers of records to deliver again."""
    handle = partial(_advance_payment, catalog=catalog)
    message = "a subscription could not follow its payment"
    return each_record(records, handle, message=message, otherwise=_queue_payment)


def advance_changed_cards(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Try a new card at once if a period is owed; return the sequence numbers of records to deliver again."""
    handle = partial(_try_card, catalog=catalog)
    message = "another card could not be tried for a subscription"
    return each_record(records, handle, message=message, otherwise=_queue_account)


def _queue_payment(record: Record) -> None:
    """Queue a payment that could not be handled. Raises KeyError if the record has no payment id."""
    change = Change(record, payments.read_image)
    queue.send(RenewalMessage(change.account_id, change.keys["payment_id"]))


def _queue_account(record: Record) -> None:
    """Queue an account whose card could not be tried."""
    queue.send(RenewalMessage(Change(record, read_card_image).account_id))


def _advance_payment(record: Record, catalog: Catalog) -> None:
    change = Change(record, payments.read_image)
    before, after = change.before, change.after
    if after and after.kind == "subscription" and (before is None or before.state != after.state):
        advance_subscription(change.account_id, catalog, payment_id=after.payment_id)
    elif _outcome(before) != _outcome(after):
        _advance_if_blocked_by_dispute(change.account_id, catalog)


def _outcome(payment: Payment | None) -> tuple[object, ...]:
    """Return the attributes of a payment that decide whether its card may be charged."""
    return (payment.state, payment.dispute_status, payment.fraud_warning) if payment else ()


def _advance_if_blocked_by_dispute(account_id: str, catalog: Catalog) -> None:
    """Advance a subscription whose card was not charged because of a dispute: it may be won or answered now."""
    subscription = table.find(account_id)
    if subscription and is_blocked_by_dispute(subscription):
        advance_subscription(account_id, catalog)


def _try_card(record: Record, catalog: Catalog) -> None:
    change = Change(record, read_card_image)
    if not is_card_changed(change.before, change.after):
        return
    subscription = table.find(change.account_id)
    if subscription and subscription.status in OWING:
        advance_subscription(subscription.account_id, catalog)
