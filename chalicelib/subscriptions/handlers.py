"""Lambda functions of subscriptions, triggered by queues, streams and schedules."""

from chalicelib import clock
from chalicelib.auto_pay.evaluate_changed import evaluate_changed_cards, evaluate_changed_payments
from chalicelib.auto_pay.follow_connections import mark_clients_due
from chalicelib.catalog.catalog import catalog
from chalicelib.lambda_function import (
    Context,
    Counts,
    PartialFailures,
    Records,
    deadline_of,
    lambda_function,
    partial_failures,
)
from chalicelib.subscriptions.advance_changed import advance_changed_cards, advance_changed_payments
from chalicelib.subscriptions.follow_connections import queue_clients
from chalicelib.subscriptions.renew import queue_due, renew_queued


@lambda_function
def find_renewals(_event: object, context: Context | None) -> Counts:
    """Put the subscriptions that are due on the renewals queue. Raises NotQueued."""
    return {"found": queue_due(clock.now_ms(), deadline_of(context))}


@lambda_function
def renew_subscriptions(event: Records, _context: Context | None) -> PartialFailures:
    """Renew subscriptions: write the payment of the next period, and put it on the charges queue."""
    return partial_failures(renew_queued(event["Records"], catalog()))


@lambda_function
def follow_payments(event: Records, _context: Context | None) -> PartialFailures:
    """Handle payments that have changed: evaluate auto-pay, and advance subscriptions.

    One function does both, because a stream supports two readers, and `announce_payments` is the other one.
    """
    records = event["Records"]
    failed = evaluate_changed_payments(records, catalog()) + advance_changed_payments(records, catalog())
    return partial_failures(failed)


@lambda_function
def follow_cards(event: Records, _context: Context | None) -> PartialFailures:
    """Handle cards that have changed: evaluate auto-pay, and try the card for a subscription that owes a period."""
    records = event["Records"]
    failed = evaluate_changed_cards(records, catalog()) + advance_changed_cards(records, catalog())
    return partial_failures(failed)


@lambda_function
def follow_connections(event: Records, _context: Context | None) -> PartialFailures:
    """Let the auto-pay and the renewals of a workspace's clients go on when its Stripe connection works again."""
    records = event["Records"]
    return partial_failures(mark_clients_due(records) + queue_clients(records))
