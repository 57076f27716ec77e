"""The scheduled checks."""

from chalicelib.checks.reconcile_payments import reconcile_payments as reconcile
from chalicelib.checks.verify_wallets import verify_wallets as verify
from chalicelib.lambda_function import Context, Counts, counts, lambda_function


@lambda_function
def verify_wallets(_event: object, _context: Context | None) -> Counts:
    """Verify the wallets that have changed. Raises RunIncomplete at the end if one of them could not be read.

    It runs several times a night, so that a run goes on where the previous one ran out of time.
    """
    return counts(verify())


@lambda_function
def reconcile_payments(_event: object, _context: Context | None) -> Counts:
    """Compare Stripe with our rows and the ledger. Raises RunIncomplete at the end if part of it could not be read.

    It runs several times a day, so that a run goes on where the previous one ran out of time.
    """
    return counts(reconcile())
