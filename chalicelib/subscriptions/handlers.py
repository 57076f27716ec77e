"""Subscriptions by queue, stream and schedule."""

from chalicelib import clock
from chalicelib.auto_pay import trigger as auto_pay
from chalicelib.catalog.catalog import catalog
from chalicelib.lambda_function import Context, Counts, PartialFailures, Records, lambda_function, partial_failures
from chalicelib.subscriptions import trigger as subscriptions
from chalicelib.subscriptions.renew import queue_due, renew_queued


@lambda_function
def find_renewals(_event: object, _context: Context | None) -> Counts:
    """Put the subscriptions that are due on the renewals queue. Raises NotQueued."""
    return {"found": queue_due(clock.now_ms())}


@lambda_function
def renew_subscriptions(event: Records, _context: Context | None) -> PartialFailures:
    """Renew subscriptions: write the payment of the next period, and put it on the charges queue."""
    return partial_failures(renew_queued(event["Records"], catalog()))


@lambda_function
def follow_payments(event: Records, _context: Context | None) -> PartialFailures:
    """Account for payments that have moved on: go on refilling, and let subscriptions follow.

    One function for both, because a stream takes two readers, and `announce_payments` is the other one.
    """
    records = event["Records"]
    failed = auto_pay.payments_moved(records, catalog()) + subscriptions.payments_moved(records, catalog())
    return partial_failures(failed)


@lambda_function
def follow_cards(event: Records, _context: Context | None) -> PartialFailures:
    """Go on refilling with another card, and try it for a subscription that owes a period."""
    records = event["Records"]
    return partial_failures(auto_pay.accounts_moved(records, catalog()) + subscriptions.cards_moved(records, catalog()))
