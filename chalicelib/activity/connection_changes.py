"""What a change of a workspace's connection to its Stripe account is to a person. Pure."""

from collections.abc import Mapping

from chalicelib.activity.entry import Finding, Value, differences
from chalicelib.connection.connection import AT_STRIPE, Connection


def connection_changes(before: Connection | None, after: Connection) -> Finding:
    """Return what changed. What nobody did here, Stripe has said."""
    return Finding(_actor(before, after), differences(_fields(before), _fields(after)))


def _actor(before: Connection | None, after: Connection) -> str | None:
    if after.connected_at_ms != (before.connected_at_ms if before else None):
        return after.connected_by
    if after.disconnected_at_ms != (before.disconnected_at_ms if before else None):
        return after.disconnected_by
    return AT_STRIPE


def _fields(connection: Connection | None) -> Mapping[str, Value]:
    found = connection or Connection(workspace_id="")
    return {"state": found.state, "stripe_account": found.stripe_account_id}
