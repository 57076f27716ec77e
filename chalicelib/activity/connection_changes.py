"""What a change of a workspace's connection to its Stripe account is to a person. Pure."""

from collections.abc import Mapping

from chalicelib.activity.entry import Finding, Value, differences
from chalicelib.connection.connection import AT_STRIPE, Connection


def connection_changes(before: Connection | None, after: Connection) -> Finding:
    """Return what changed. What nobody did here, Stripe has said."""
    actor, at_ms = _actor(before, after)
    return Finding(actor, differences(_fields(before), _fields(after)), at_ms)


def _actor(before: Connection | None, after: Connection) -> tuple[str | None, int | None]:
    """Return who did it, and when if the row tells it."""
    if after.connected_at_ms != (before.connected_at_ms if before else None):
        return after.connected_by, after.connected_at_ms
    if after.disconnected_at_ms != (before.disconnected_at_ms if before else None):
        return after.disconnected_by, after.disconnected_at_ms
    return AT_STRIPE, None


def _fields(connection: Connection | None) -> Mapping[str, Value]:
    found = connection or Connection(workspace_id="")
    return {"state": found.state, "stripe_account": found.stripe_account_id}
