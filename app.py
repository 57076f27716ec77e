"""The Lambda entry points: wiring only. Routes come by blueprint; every queue, schedule and stream handler is here."""

from typing import Any, Final

import msgspec
from chalice.app import Chalice, CloudWatchEvent, Cron, DynamoDBEvent, Rate, SQSEvent

from chalicelib import api, clock
from chalicelib.audit import audit_usage as audit
from chalicelib.auto_pay import evaluate_due, trigger
from chalicelib.auto_pay.send_refill import send_refill
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import Deadline
from chalicelib.invoices import follow
from chalicelib.notices import publish
from chalicelib.payments import charge_queued as charge
from chalicelib.recovery.follow_up import follow_up
from chalicelib.recovery.sweep import sweep
from chalicelib.subscriptions import renew
from chalicelib.subscriptions import trigger as subscription_trigger
from chalicelib.usage.record import record

CLOSING_SECONDS: Final = 8
"""What a function keeps of its time to finish the calls that are under way, and to answer."""

DEFAULT_SECONDS: Final = 30
"""For a function that is called without a context: by a test."""

app = Chalice(app_name="billing-portal")
app.api.binary_types = []

for blueprint in api.BLUEPRINTS:
    app.register_blueprint(blueprint)


@app.on_sqs_message(queue="usage", batch_size=10_000, maximum_batching_window_in_seconds=2, name="record_usage")
def record_usage(event: SQSEvent) -> dict[str, Any]:
    """Post usage messages; the ids of those that could not be posted go back, and the queue delivers them again."""
    return _failures(record(event.to_dict()["Records"], catalog(), _deadline(event.context)))


@app.schedule(Rate(5, unit=Rate.MINUTES), name="sweep_payments")
def sweep_payments(_event: CloudWatchEvent) -> dict[str, Any]:
    """Ask Stripe about the payments that have not ended. Raises SweepIncomplete at the end if one of them met a bug."""
    counts: dict[str, Any] = msgspec.to_builtins(sweep(clock.now_ms(), send_refill=send_refill))
    return counts


@app.schedule(Cron("0/15", "1-5", "*", "*", "?", "*"), name="audit_usage")
def audit_usage(_event: CloudWatchEvent) -> dict[str, Any]:
    """Find usage that was charged again with another time. Raises AuditIncomplete at the end if an account met a bug.

    It runs several times a night, so that a run goes on where the time of the one before was over.
    """
    counts: dict[str, Any] = msgspec.to_builtins(audit.audit_usage(catalog()))
    return counts


@app.on_dynamodb_record(stream_arn="wallets", batch_size=1_000, name="refill_wallets")
def refill_wallets(event: DynamoDBEvent) -> dict[str, Any]:
    """Refill the wallets that have fallen below auto-pay's threshold."""
    return _failures(trigger.wallets_moved(event.to_dict()["Records"], catalog()))


@app.on_dynamodb_record(stream_arn="payments", name="follow_payments")
def follow_payments(event: DynamoDBEvent) -> dict[str, Any]:
    """Account for payments that have moved on: go on refilling, and let subscriptions follow.

    One function for both, because a stream takes two readers, and `announce_payments` is the other one.
    """
    records = event.to_dict()["Records"]
    back = trigger.payments_moved(records, catalog()) + subscription_trigger.payments_moved(records, catalog())
    return _failures(back)


@app.on_dynamodb_record(stream_arn="accounts", name="follow_cards")
def follow_cards(event: DynamoDBEvent) -> dict[str, Any]:
    """Go on refilling with another card, and try it for a subscription that is owed."""
    records = event.to_dict()["Records"]
    back = trigger.accounts_moved(records, catalog()) + subscription_trigger.cards_moved(records, catalog())
    return _failures(back)


@app.on_sqs_message(queue="charges", batch_size=1, name="charge_payments")
def charge_payments(event: SQSEvent) -> dict[str, Any]:
    """Make the payments that auto-pay has put on the charges queue."""
    return _failures(charge.charge_all(event.to_dict()["Records"], send_refill=send_refill))


@app.schedule(Rate(1, unit=Rate.MINUTES), name="retry_refills")
def retry_refills(_event: CloudWatchEvent) -> dict[str, Any]:
    """Evaluate the accounts whose auto-pay is due. Raises DueRunIncomplete at the end if one of them failed."""
    counts: dict[str, Any] = msgspec.to_builtins(evaluate_due.evaluate_due(catalog()))
    return counts


@app.schedule(Rate(5, unit=Rate.MINUTES), name="follow_up_payments")
def follow_up_payments(_event: CloudWatchEvent) -> dict[str, Any]:
    """See that everybody has heard of each payment. Raises FollowUpIncomplete at the end if one of them met a bug."""
    counts: dict[str, Any] = msgspec.to_builtins(follow_up(catalog()))
    return counts


@app.schedule(Rate(5, unit=Rate.MINUTES), name="find_renewals")
def find_renewals(_event: CloudWatchEvent) -> dict[str, Any]:
    """Put the subscriptions that are due on the renewals queue. Raises NotQueued."""
    return {"found": renew.queue_due(clock.now_ms())}


@app.on_sqs_message(queue="renewals", batch_size=10, name="renew_subscriptions")
def renew_subscriptions(event: SQSEvent) -> dict[str, Any]:
    """Renew subscriptions: write the payment of the next period, and put it on the charges queue."""
    return _failures(renew.renew_queued(event.to_dict()["Records"], catalog()))


@app.on_dynamodb_record(stream_arn="wallets", name="announce_wallets")
def announce_wallets(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell the platform of balances that crossed a line."""
    return _failures(publish.publish_wallets(event.to_dict()["Records"], catalog()))


@app.on_dynamodb_record(stream_arn="payments", name="announce_payments")
def announce_payments(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell the platform of payments that came to a state that somebody waits for."""
    return _failures(publish.publish_payments(event.to_dict()["Records"]))


@app.on_dynamodb_record(stream_arn="auto-pay", name="announce_auto_pay")
def announce_auto_pay(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell the platform of auto-pay that was suspended."""
    return _failures(publish.publish_auto_pay(event.to_dict()["Records"]))


@app.on_dynamodb_record(stream_arn="subscriptions", name="announce_subscriptions")
def announce_subscriptions(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell the platform of subscriptions that were renewed, are owed or are over."""
    return _failures(publish.publish_subscriptions(event.to_dict()["Records"]))


@app.on_dynamodb_record(stream_arn="invoices", name="announce_invoices")
def announce_invoices(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell the platform of invoices and credit notes that were issued."""
    return _failures(publish.publish_invoices(event.to_dict()["Records"]))


@app.on_dynamodb_record(stream_arn="repeats", name="announce_repeats")
def announce_repeats(event: DynamoDBEvent) -> dict[str, Any]:
    """Tell the platform of usage that was charged again."""
    return _failures(publish.publish_repeats(event.to_dict()["Records"]))


@app.on_sqs_message(queue="invoices", batch_size=10, name="issue_invoices")
def issue_invoices(event: SQSEvent) -> dict[str, Any]:
    """Issue the invoices of payments that have succeeded."""
    return _failures(follow.issue_all(event.to_dict()["Records"], catalog()))


@app.on_dynamodb_record(stream_arn="reversals", name="issue_credit_notes")
def issue_credit_notes(event: DynamoDBEvent) -> dict[str, Any]:
    """Issue the credit notes of refunds that went out, and take back those of refunds that came back."""
    return _failures(follow.credit_all(event.to_dict()["Records"], catalog()))


@app.on_sqs_message(queue="mails", batch_size=10, name="send_mails")
def send_mails(event: SQSEvent) -> dict[str, Any]:
    """Send the mails that events are worth."""
    from chalicelib.notices.send import send  # noqa: PLC0415 - babel, which no other function should load

    return _failures(send(event.to_dict()["Records"], catalog()))


def _deadline(context: Any) -> Deadline:
    """Return when a function must begin to come to its end."""
    return Deadline(context.get_remaining_time_in_millis() / 1000 - CLOSING_SECONDS if context else DEFAULT_SECONDS)


def _failures(failed: list[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in dict.fromkeys(failed)]}
