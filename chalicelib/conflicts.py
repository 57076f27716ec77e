"""Conflicts: concurrent writes to one row. One write is applied; the others change nothing, and are tried again.

A writer reads the row, decides, and writes on condition that the row is unchanged:

    for _ in attempts(ATTEMPTS):
        current = table.get(account_id)
        wanted = ...
        if table.write(wanted, over=current):
            return wanted
    raise SubscriptionBusy(account_id=account_id)
"""

from collections.abc import Callable
from typing import Final, ParamSpec

from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.transactions import TransactWrite

from chalicelib.tables import connection

P = ParamSpec("P")

CONDITION_FAILED: Final = "ConditionalCheckFailedException"
CONFLICT_CODES: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
"""Reasons with which DynamoDB cancels a transaction because of a concurrent write (Amazon DynamoDB API Reference,
TransactWriteItems)."""


def conditional_write(write: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
    """Make a conditional write; tell whether it was applied.

    It is not applied if its condition does not hold, or if two concurrent transactions conflict on a row. Any other
    error is raised.
    """
    try:
        write(*args, **kwargs)
    except (PutError, UpdateError, DeleteError) as error:
        if error.cause_response_code != CONDITION_FAILED:
            raise
        return False
    except TransactWriteError as error:
        codes = {reason.code for reason in error.cancellation_reasons if reason}
        if not codes or not codes <= CONFLICT_CODES:
            raise
        return False
    return True


def conditional_transaction(add_writes: Callable[[TransactWrite], object]) -> bool:
    """Make several writes, all or none; tell whether they were applied. `add_writes` adds them to the transaction."""

    def write() -> None:
        with TransactWrite(connection=connection()) as transaction:
            add_writes(transaction)

    return conditional_write(write)
