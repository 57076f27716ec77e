"""Queue the clients of a workspace when its Stripe connection begins to work: their renewals have waited for it.

If a record is lost, a renewal that waits is tried again within the hour.
"""

from collections.abc import Sequence

from chalicelib.accounts.table import client_ids
from chalicelib.batches import each_record
from chalicelib.connection.works_again import find_workspace_that_works_again
from chalicelib.streams import Record
from chalicelib.subscriptions import queue
from chalicelib.subscriptions.queue import RenewalMessage


def queue_clients(records: Sequence[Record]) -> list[str]:
    """Queue the clients of the workspaces that can take payments now; return the records to deliver again."""
    return each_record(records, _queue, message="renewals could not follow a connection")


def _queue(record: Record) -> None:
    workspace_id = find_workspace_that_works_again(record)
    if workspace_id is not None:
        queue.send_all(map(RenewalMessage, client_ids(workspace_id)))
