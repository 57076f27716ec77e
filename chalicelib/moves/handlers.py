"""Lambda function of moves, triggered by a schedule."""

from chalicelib.lambda_function import Context, Counts, counts, lambda_function
from chalicelib.moves.settle import settle_due_moves


@lambda_function
def settle_moves(_event: object, _context: Context | None) -> Counts:
    """Post settlements that were cut off. Raises RunIncomplete at the end if one of them failed."""
    return counts(settle_due_moves())
