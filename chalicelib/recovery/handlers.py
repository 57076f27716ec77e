"""Recovery by schedule."""

from chalicelib import clock
from chalicelib.auto_pay.send_refill import send_refill
from chalicelib.catalog.catalog import catalog
from chalicelib.lambda_function import Context, Counts, counts, lambda_function
from chalicelib.recovery.follow_up import follow_up
from chalicelib.recovery.sweep import sweep


@lambda_function
def sweep_payments(_event: object, _context: Context | None) -> Counts:
    """Ask Stripe about the payments that have not ended. Raises SweepIncomplete at the end if one of them met a bug."""
    return counts(sweep(clock.now_ms(), send_refill=send_refill))


@lambda_function
def follow_up_payments(_event: object, _context: Context | None) -> Counts:
    """See that everybody has heard of each payment. Raises FollowUpIncomplete at the end if one of them met a bug."""
    return counts(follow_up(catalog()))
