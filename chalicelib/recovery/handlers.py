"""Lambda functions of recovery, run by a schedule."""

from chalicelib import clock
from chalicelib.auto_pay.send_refill import send_refill
from chalicelib.catalog.catalog import catalog
from chalicelib.lambda_function import Context, Counts, counts, lambda_function
from chalicelib.recovery.follow_up import follow_up
from chalicelib.recovery.sweep import sweep


@lambda_function
def sweep_payments(_event: object, _context: Context | None) -> Counts:
    """Ask Stripe about payments, refunds and disputes that are not final, and process webhooks that were cut off.

    Raises RunIncomplete at the end if one of them failed.
    """
    return counts(sweep(clock.now_ms(), send_refill=send_refill))


@lambda_function
def follow_up_payments(_event: object, _context: Context | None) -> Counts:
    """Follow up the payments that are due. Raises RunIncomplete at the end if one of them failed."""
    return counts(follow_up(catalog()))
