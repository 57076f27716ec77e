"""Usage from the queue."""

from chalicelib.catalog.catalog import catalog
from chalicelib.lambda_function import Context, PartialFailures, Records, deadline_of, lambda_function, partial_failures
from chalicelib.usage.record import record


@lambda_function
def record_usage(event: Records, context: Context | None) -> PartialFailures:
    """Post usage messages; return the ids of those that could not be posted, so that the queue delivers them again."""
    return partial_failures(record(event["Records"], catalog(), deadline_of(context)))
