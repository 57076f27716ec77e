"""The scheduled audit."""

from chalicelib.audit.audit_usage import audit_usage as audit
from chalicelib.catalog.catalog import catalog
from chalicelib.lambda_function import Context, Counts, counts, lambda_function


@lambda_function
def audit_usage(_event: object, _context: Context | None) -> Counts:
    """Find usage that was charged again with another time. Raises RunIncomplete at the end if an account failed.

    It runs several times a night, so that a run continues where the previous one ran out of time.
    """
    return counts(audit(catalog()))
