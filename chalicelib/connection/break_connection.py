"""Break a connection: give up the access at Stripe, and note it. Nothing is deleted, neither here nor at Stripe."""

from chalicelib import clock
from chalicelib.connection import gateway, table
from chalicelib.connection.connection import Connection, disconnected
from chalicelib.log import log
from chalicelib.settings import settings
from chalicelib.stripe_api.errors import NotAtStripe, StripeRefused, StripeUnavailable, reason_of


def break_connection(workspace_id: str, *, actor: str) -> Connection:
    """Disconnect a workspace's Stripe account and return the connection; safe to repeat.

    Stripe is told first, while the account is still the workspace's: another one may connect it as soon as it is
    released here. If this is cut off in between, Stripe's webhook has the same effect. If Stripe cannot be told, the
    account is forgotten here all the same, and a repeat tells Stripe. Raises ConnectionBusy.
    """
    seen = table.find(workspace_id)
    owner = table.find_workspace(seen.stripe_account_id) if seen.stripe_account_id else None
    is_to_be_told = seen.is_connected or (not seen.access_revoked and owner is None)
    if seen.stripe_account_id is None or not is_to_be_told:
        return seen
    revoked, now_ms = _revoke(seen.stripe_account_id), clock.now_ms()

    def end(current: Connection) -> Connection:
        if current.stripe_account_id != seen.stripe_account_id or current.connected_at_ms != seen.connected_at_ms:
            return current
        return disconnected(current, by=actor, access_revoked=revoked, now_ms=now_ms)

    ended = table.change(workspace_id, end)
    log().info(
        "a Stripe account is disconnected",
        account_id=workspace_id,
        stripe_account=seen.stripe_account_id,
        access_revoked=revoked,
        actor=actor,
    )
    return ended


def _revoke(stripe_account_id: str) -> bool:
    """Give up the access at Stripe; False if Stripe could not be told, or its answer is not known."""
    if settings().stripe_connect_client_id is None:
        return False
    try:
        gateway.deauthorize(stripe_account_id)
    except NotAtStripe:
        return True
    except (StripeUnavailable, StripeRefused) as error:
        reason = reason_of(error)
        log().warning("a Stripe account was not deauthorized", stripe_account=stripe_account_id, reason=reason)
        return False
    return True
