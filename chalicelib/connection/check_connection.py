"""Ask Stripe how a workspace's account stands, and note the answer."""

from chalicelib import clock
from chalicelib.connection import gateway, table
from chalicelib.connection.connection import AT_STRIPE, AccountFacts, Connection, disconnected, with_facts
from chalicelib.connection.refusals import ConnectionBusy
from chalicelib.log import log
from chalicelib.stripe_api.errors import AccessGone, StripeUnavailable


def check_connection(workspace_id: str) -> Connection:
    """Ask Stripe about the connected account and return the connection as it then is; without one, ask nothing.

    A refusal of access is believed, unless the key is not that of the platform that connected the account. Raises
    AccessGone then, StripeUnavailable, ConnectionBusy.
    """
    asked = table.find(workspace_id)
    if not asked.is_connected or asked.stripe_account_id is None:
        return asked
    try:
        facts = gateway.find_facts(asked.stripe_account_id)
    except AccessGone:
        if asked.platform_id and gateway.find_platform_id() != asked.platform_id:
            raise
        return disconnect_at_stripe(asked)
    return _note_facts(asked, facts)


def is_access_lost(stripe_account_id: str | None) -> bool:
    """Tell whether an account to which Stripe has just refused access is disconnected; note it, if it was not known.

    Stripe's event of it may be lost, or come later. So Stripe is asked about the account itself, and believed if the
    key is known to be the one that connected it. It is never true of the platform's own account.
    """
    if stripe_account_id is None:
        return False
    workspace_id = table.find_workspace(stripe_account_id)
    if workspace_id is None:
        return True
    if table.find(workspace_id).platform_id is None:
        return False
    try:
        return not check_connection(workspace_id).is_connected
    except (StripeUnavailable, ConnectionBusy):
        return False


def disconnect_at_stripe(seen: Connection) -> Connection:
    """Note that the access was taken away at Stripe, unless the account was connected again since it was seen."""
    now_ms = clock.now_ms()

    def end(current: Connection) -> Connection:
        if not _is_same(current, seen):
            return current
        return disconnected(current, by=AT_STRIPE, access_revoked=True, now_ms=now_ms)

    ended = table.change(seen.workspace_id, end)
    log().warning("a Stripe account was disconnected at Stripe", **_about(ended))
    return ended


def _note_facts(asked: Connection, facts: AccountFacts) -> Connection:
    now_ms = clock.now_ms()
    noted = table.change(
        asked.workspace_id,
        lambda current: with_facts(current, facts, now_ms) if _is_same(current, asked) else current,
    )
    if noted.state != asked.state:
        log().info("a connection changed its state", before=asked.state, **_about(noted))
    return noted


def _is_same(current: Connection, seen: Connection) -> bool:
    same = (seen.stripe_account_id, seen.connected_at_ms)
    return current.is_connected and (current.stripe_account_id, current.connected_at_ms) == same


def _about(connection: Connection) -> dict[str, object]:
    return {
        "account_id": connection.workspace_id,
        "stripe_account": connection.stripe_account_id,
        "state": connection.state,
    }
