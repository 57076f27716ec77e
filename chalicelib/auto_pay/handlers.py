"""Lambda functions of auto-pay, triggered by the stream of wallets, a schedule and the charges queue.

Those for the streams of payments, cards and connections are in `subscriptions.handlers`.
"""

from chalicelib.auto_pay.evaluate_changed import evaluate_changed_wallets
from chalicelib.auto_pay.evaluate_due import evaluate_due
from chalicelib.auto_pay.send_refill import send_refill
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
from chalicelib.payments.charge_queued import charge_all


@lambda_function
def refill_wallets(event: Records, _context: Context | None) -> PartialFailures:
    """Refill the wallets that have fallen below auto-pay's threshold."""
    return partial_failures(evaluate_changed_wallets(event["Records"], catalog()))


@lambda_function
def retry_refills(_event: object, _context: Context | None) -> Counts:
    """Evaluate the accounts that are due. Raises RunIncomplete at the end if one of them failed."""
    return counts(evaluate_due(catalog()))


@lambda_function
def charge_payments(event: Records, _context: Context | None) -> PartialFailures:
    """Make the payments of the charges queue. It is here because a refill is decided on again before it is sent."""
    return partial_failures(charge_all(event["Records"], send_refill=send_refill))
