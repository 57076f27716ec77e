"""Evaluate the budgets of the accounts whose wallets have changed. Records may come twice, late or out of order."""

from collections.abc import Mapping, Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib import clock
from chalicelib.batches import each
from chalicelib.budgets import table
from chalicelib.budgets.budget import Budgets, BudgetsBusy
from chalicelib.budgets.evaluate import evaluate_account
from chalicelib.budgets.thresholds import may_tell
from chalicelib.log import log
from chalicelib.streams import Record, sequence_number

AGAIN: Final = (BudgetsBusy, PynamoDBException, BotoCoreError, ClientError)
"""Errors that another attempt may not have. Any other is the account's own, and would hold up those behind it."""

ACCOUNTS_AT_ONCE: Final = 8
"""Threads that evaluate accounts: they wait for DynamoDB most of the time."""


def evaluate_changed_wallets(records: Sequence[Record]) -> list[str]:
    """Evaluate the budgets of wallets in a stream; return the sequence numbers of records to be delivered again.

    Many records of one wallet are one evaluation. Accounts without budgets cost one call for all of them.
    """
    last = _last_records(records)
    missed = each(
        _to_evaluate(last),
        evaluate_account,
        message="budgets could not be evaluated",
        about=lambda account_id: {"account_id": account_id},
        at_once=ACCOUNTS_AT_ONCE,
    )
    return [sequence_number(last[failure.item]) for failure in missed if isinstance(failure.error, AGAIN)]


def _last_records(records: Sequence[Record]) -> dict[str, Record]:
    """Return the last record of each account; one that does not name its account is parked by its other reader."""
    found: dict[str, Record] = {}
    for record in records:
        account_id = ((record["dynamodb"].get("Keys") or {}).get("account_id") or {}).get("S")
        if account_id:
            found[account_id] = record
    return found


def _to_evaluate(accounts: Mapping[str, Record]) -> list[str]:
    """Return the accounts with a threshold left to tell; all, if their budgets cannot be read together."""
    try:
        found = table.find_many(accounts)
    except Exception:  # noqa: BLE001 - one unreadable row must not stop the others: each account is read by itself
        log().exception("budgets could not be read in bulk", accounts=len(accounts))
        return list(accounts)
    now_ms = clock.now_ms()
    return [account_id for account_id, budgets in found.items() if _has_left(budgets, now_ms)]


def _has_left(budgets: Budgets, now_ms: int) -> bool:
    return any(may_tell(each, now_ms) for each in budgets.budgets)
