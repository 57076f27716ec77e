"""Lambda functions that issue invoices from a queue and credit notes from a stream, and make bundles of them."""

from chalicelib.catalog.catalog import catalog
from chalicelib.invoices.credit_changed import credit_changed_refunds
from chalicelib.invoices.issue_queued import issue_queued
from chalicelib.invoices.make_bundle import make_queued
from chalicelib.lambda_function import Context, PartialFailures, Records, lambda_function, partial_failures


@lambda_function
def issue_invoices(event: Records, _context: Context | None) -> PartialFailures:
    """Issue the invoices of payments that have succeeded."""
    return partial_failures(issue_queued(event["Records"], catalog()))


@lambda_function
def issue_credit_notes(event: Records, _context: Context | None) -> PartialFailures:
    """Issue the credit notes of refunds that Stripe has made, and take back those of returned refunds."""
    return partial_failures(credit_changed_refunds(event["Records"], catalog()))


@lambda_function
def make_bundles(event: Records, _context: Context | None) -> PartialFailures:
    """Make the ZIPs of a year's documents that are too large for a request."""
    return partial_failures(make_queued(event["Records"], catalog()))
