"""The audit by schedule."""

from chalicelib.audit.audit_usage import audit_usage as audit
from chalicelib.catalog.catalog import catalog
from chalicelib.lambda_function import Context, Counts, counts, lambda_function


@lambda_function
def audit_usage(_event: object, _context: Context | None) -> Counts:
    """Find usage that was charged again with another time. Raises AuditIncomplete at the end if an account met a bug.

    It runs several times a night, so that a run goes on where the time of the one before was over.
    """
    return counts(audit(catalog()))
