"""Process Stripe's events about connected accounts, by type."""

from collections.abc import Callable
from typing import Final

from chalicelib.connection import gateway, table
from chalicelib.connection.check_connection import check_connection, disconnect_at_stripe
from chalicelib.connection.connection import Connection
from chalicelib.stripe_api.errors import AccessGone
from chalicelib.stripe_api.event import PROCESSED, StripeEvent, Verdict

CLOCKS_DIFFER_MS: Final = 5 * 60 * 1000
"""How far Stripe's clock may be from ours."""

NOT_CONNECTED: Final = Verdict("ignored", "the Stripe account is not connected here")


def _find_connection(event: StripeEvent) -> Connection | None:
    """Return the connection of the account that an event is about, if it is connected now."""
    workspace_id = table.find_workspace(event.account) if event.account else None
    connection = table.find(workspace_id) if workspace_id else None
    is_of_event = connection and connection.is_connected and connection.stripe_account_id == event.account
    return connection if is_of_event else None


def _account_updated(event: StripeEvent) -> Verdict:
    """Ask Stripe how the account stands now: events arrive out of order.

    An event of a part of an object brings none of the whole (https://docs.stripe.com/api/events/types), so those of the
    account's capabilities count, too.
    """
    connection = _find_connection(event)
    if connection is None:
        return NOT_CONNECTED
    check_connection(connection.workspace_id)
    return PROCESSED


def _deauthorized(event: StripeEvent) -> Verdict:
    """Note that the access is gone, by the event alone: nothing of the account can be read any more.

    An event that may be older than the connection, because the account was connected again, is compared with Stripe.
    """
    connection = _find_connection(event)
    if connection is None:
        return NOT_CONNECTED
    connected_at_ms = connection.connected_at_ms or 0
    if event.created * 1000 <= connected_at_ms + CLOCKS_DIFFER_MS and _has_access(str(event.account)):
        return Verdict("ignored", "the Stripe account was connected again since")
    disconnect_at_stripe(connection)
    return PROCESSED


def _has_access(stripe_account_id: str) -> bool:
    try:
        gateway.find_facts(stripe_account_id)
    except AccessGone:
        return False
    return True


PROCESSORS: Final[dict[str, Callable[[StripeEvent], Verdict]]] = {
    "account.updated": _account_updated,
    "capability.updated": _account_updated,
    "account.application.deauthorized": _deauthorized,
}
