"""Lambda functions that publish events from the streams of tables, and send mails from a queue.

What only one of them needs is imported in it, or the cold start of each would pay for it.
"""

from chalicelib.catalog.catalog import catalog
from chalicelib.lambda_function import (
    Context,
    Counts,
    PartialFailures,
    Records,
    counts,
    lambda_function,
    partial_failures,
)
from chalicelib.notices import publish


@lambda_function
def announce_wallets(event: Records, _context: Context | None) -> PartialFailures:
    """Evaluate the budgets of wallets that have changed, and publish balances that crossed a threshold."""
    from chalicelib.budgets.evaluate_changed import evaluate_changed_wallets  # noqa: PLC0415 - budgets, as above

    again = evaluate_changed_wallets(event["Records"])
    return partial_failures(again + publish.publish_wallets(event["Records"], catalog()))


@lambda_function
def announce_budgets(event: Records, _context: Context | None) -> PartialFailures:
    """Publish thresholds of budgets that were reached."""
    return partial_failures(publish.publish_budgets(event["Records"]))


@lambda_function
def announce_payments(event: Records, _context: Context | None) -> PartialFailures:
    """Publish new states of payments, and changes of their disputes."""
    return partial_failures(publish.publish_payments(event["Records"]))


@lambda_function
def announce_auto_pay(event: Records, _context: Context | None) -> PartialFailures:
    """Publish auto-pay that was suspended."""
    return partial_failures(publish.publish_auto_pay(event["Records"]))


@lambda_function
def announce_subscriptions(event: Records, _context: Context | None) -> PartialFailures:
    """Publish subscriptions that were renewed, owe a period or have ended."""
    return partial_failures(publish.publish_subscriptions(event["Records"]))


@lambda_function
def announce_invoices(event: Records, _context: Context | None) -> PartialFailures:
    """Publish invoices and credit notes that were issued."""
    return partial_failures(publish.publish_invoices(event["Records"]))


@lambda_function
def announce_repeats(event: Records, _context: Context | None) -> PartialFailures:
    """Publish usage that was charged again."""
    return partial_failures(publish.publish_repeats(event["Records"]))


@lambda_function
def announce_findings(event: Records, _context: Context | None) -> PartialFailures:
    """Publish differences that a check found, and those that were resolved."""
    return partial_failures(publish.publish_findings(event["Records"]))


@lambda_function
def warn_of_expiring_cards(_event: object, _context: Context | None) -> Counts:
    """Publish the cards that are about to expire. Raises RunIncomplete at the end if one of them failed."""
    from chalicelib.notices.publish_expiring import publish_expiring_cards  # noqa: PLC0415 - cards and Stripe, as above

    return counts(publish_expiring_cards())


@lambda_function
def send_mails(event: Records, _context: Context | None) -> PartialFailures:
    """Send the mails that events trigger."""
    from chalicelib.notices.send import send  # noqa: PLC0415 - babel, which no function but this one should import

    return partial_failures(send(event["Records"], catalog()))
