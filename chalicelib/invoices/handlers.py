"""Invoices and credit notes by queue and stream."""

from chalicelib.catalog.catalog import catalog
from chalicelib.invoices.follow import credit_all, issue_all
from chalicelib.lambda_function import Context, PartialFailures, Records, lambda_function, partial_failures


@lambda_function
def issue_invoices(event: Records, _context: Context | None) -> PartialFailures:
    """Issue the invoices of payments that have succeeded."""
    return partial_failures(issue_all(event["Records"], catalog()))


@lambda_function
def issue_credit_notes(event: Records, _context: Context | None) -> PartialFailures:
    """Issue the credit notes of refunds that went out, and take back those of refunds that came back."""
    return partial_failures(credit_all(event["Records"], catalog()))
