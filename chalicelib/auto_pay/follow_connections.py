"""Mark the clients of a workspace as due when its Stripe connection begins to work: their auto-pay has waited for it.

The schedule then evaluates them, within a minute. If a record is lost, or a client is newer than its index, the daily
look does it.
"""

from collections.abc import Sequence
from typing import Final

from chalicelib import clock
from chalicelib.accounts.table import client_ids
from chalicelib.auto_pay import table
from chalicelib.batches import each, each_record
from chalicelib.connection.works_again import find_workspace_that_works_again
from chalicelib.streams import Record

CLIENTS_AT_ONCE: Final = 8


class ClientsNotMarked(Exception):
    """Some clients could not be marked as due; all others were."""


def mark_clients_due(records: Sequence[Record]) -> list[str]:
    """Mark the clients of the workspaces that can take payments now; return the records to deliver again."""
    return each_record(records, _follow, message="auto-pay could not follow a connection")


def _follow(record: Record) -> None:
    workspace_id = find_workspace_that_works_again(record)
    if workspace_id is None:
        return
    failures = each(
        client_ids(workspace_id),
        lambda client_id: table.mark_due(client_id, clock.now_ms()),
        message="auto-pay could not mark a client as due",
        about=lambda client_id: {"account_id": client_id},
        at_once=CLIENTS_AT_ONCE,
    )
    if failures:
        raise ClientsNotMarked(f"{len(failures)} clients of {workspace_id}")
