"""Lambda function of allowances, triggered by a schedule."""

from chalicelib.allowances.end_allowances import end_due_allowances
from chalicelib.lambda_function import Context, Counts, counts, lambda_function


@lambda_function
def end_allowances(_event: object, _context: Context | None) -> Counts:
    """End the allowances of months that are over. Raises RunIncomplete at the end if one of them failed."""
    return counts(end_due_allowances())
