"""Tell from a stream record that a workspace's clients can pay again: what has waited for the connection goes on."""

from chalicelib.connection.connection import Connection
from chalicelib.connection.table import is_workspace_key, read_image
from chalicelib.streams import Change, Record


def find_workspace_that_works_again(record: Record) -> str | None:
    """Return the workspace whose connection works now and did not before; None if the record says nothing of it."""
    change = Change(record, read_image)
    is_so = is_workspace_key(change.account_id) and _works_again(change.before, change.after)
    return change.account_id if is_so else None


def _works_again(before: Connection | None, after: Connection | None) -> bool:
    """Tell whether payments are possible now, and were not before, or went to another Stripe account."""
    if after is None or not after.is_working:
        return False
    return before is None or not before.is_working or before.stripe_account_id != after.stripe_account_id
