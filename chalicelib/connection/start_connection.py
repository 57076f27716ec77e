"""Start connecting a Stripe account: make the address that the workspace's owner opens."""

from collections.abc import Iterable

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, check_is_workspace
from chalicelib.base_url import public_base_url
from chalicelib.connection import gateway, table
from chalicelib.connection.check_connection import check_connection
from chalicelib.connection.connection import AccountFacts, Connection, Way, connected
from chalicelib.connection.link_state import LinkState
from chalicelib.connection.refusals import (
    AlreadyConnected,
    ConnectedElsewhere,
    StateInvalid,
    StateUsed,
    WayNotOffered,
)
from chalicelib.connection.state import new_state, read_start, read_state, sign_state
from chalicelib.settings import settings
from chalicelib.stripe_api.attempt import MAXIMUM_ATTEMPTS
from chalicelib.stripe_api.client import is_live
from chalicelib.stripe_api.errors import StripeUnavailable


class ConnectionLink(msgspec.Struct, frozen=True):
    """The address that the workspace's owner opens, here or at Stripe, and until when it works."""

    url: str
    expires_at_ms: int


def offers() -> list[Way]:
    """Return the ways of connecting that the operator has set up."""
    found = settings()
    ways: dict[Way, str | None] = {
        "oauth": found.stripe_connect_client_id,
        "onboarding": found.stripe_connect_onboarding,
    }
    return [way for way, is_set_up in ways.items() if is_set_up]


def start_connection(
    workspace: Account, way: Way, *, account_id: str | None, actor: str, browser: str | None = None
) -> ConnectionLink:
    """Return the address for one of the ways; nothing is connected before the person comes back.

    With the person's `browser` it is Stripe's, and only this browser can come back from there. Without, it is an
    address here: the browser that opens it is sent on. `account_id` and `actor` are the caller's. Raises NotAWorkspace,
    WayNotOffered, AlreadyConnected, DetailsRefused, StripeUnavailable, StripeRefused, ConnectionBusy.
    """
    check_is_workspace(workspace)
    if way not in offers():
        raise WayNotOffered(way, offers())
    # Asked now: the account may have been disconnected at Stripe without an event that told of it.
    connection = check_connection(workspace.account_id)
    state = new_state(way, workspace_id=workspace.account_id, account_id=account_id, actor=actor, browser=browser)
    if way == "oauth" and connection.is_connected and connection.state != "onboarding":
        raise AlreadyConnected(connection)
    if browser is not None:
        return _link_to_stripe(workspace, state)
    if way == "onboarding":
        _account_to_onboard(workspace, state)  # now, so that the caller learns what Stripe refuses
    return ConnectionLink(f"{_address('connect')}?state={sign_state(state)}", state.expires_at_ms)


def find_start(start_text: str) -> tuple[LinkState, Account]:
    """Return what an address here would begin, and for which workspace; it stays unused. Raises StateInvalid."""
    start = read_start(start_text)
    workspace = accounts.find(start.workspace_id)
    if workspace is None:
        raise StateInvalid("the address is not complete; begin again")
    return start, workspace


def open_start(start_text: str, browser: str) -> ConnectionLink:
    """Send the browser that opens an address here on to Stripe, once.

    Raises StateInvalid, StateUsed, and what `start_connection` raises.
    """
    start, workspace = find_start(start_text)
    if not table.use_state(start):
        raise StateUsed("this address was opened already; begin again")
    return start_connection(workspace, start.way, account_id=start.account_id, actor=start.actor, browser=browser)


def renew_link(state_text: str, secrets: Iterable[str]) -> ConnectionLink:
    """Return a new address for an onboarding whose link had expired or was opened before, with the same parameters.

    Only for the browser that began: an onboarding shows what the person has told Stripe. Raises StateInvalid,
    OtherBrowser, and what `start_connection` raises.
    """
    state = read_state(state_text, "onboarding", secrets)
    workspace = accounts.find(state.workspace_id)
    if workspace is None or not table.find(state.workspace_id).is_connected:
        raise StateInvalid("the account is not connected any more; begin again")
    return _link_to_onboarding(workspace, state)


def _link_to_stripe(workspace: Account, state: LinkState) -> ConnectionLink:
    if state.way == "onboarding":
        return _link_to_onboarding(workspace, state)
    return ConnectionLink(gateway.authorize_url(sign_state(state), _address("callback")), state.expires_at_ms)


def _link_to_onboarding(workspace: Account, state: LinkState) -> ConnectionLink:
    stripe_account_id = _account_to_onboard(workspace, state)
    signed = sign_state(state)
    link = gateway.create_account_link(
        stripe_account_id,
        return_url=f"{_address('return')}?state={signed}",
        refresh_url=f"{_address('refresh')}?state={signed}",
    )
    return ConnectionLink(link.url, link.expires_at_ms)


def _account_to_onboard(workspace: Account, state: LinkState) -> str:
    """Return the Stripe account that is being onboarded; make one, if there is none, and connect it.

    If this is cut off after Stripe has made the account, the next request gets the same one: its idempotency key is
    made of the connection's version.
    """
    connection = table.find(workspace.account_id)
    is_made_here = connection.way == "onboarding" and connection.stripe_account_id is not None
    if connection.is_connected:
        if not is_made_here or connection.state == "active":
            raise AlreadyConnected(connection)
        return str(connection.stripe_account_id)
    # One that was only forgotten here can be taken up again: Stripe still gives access to it.
    may_go_on = is_made_here and not connection.access_revoked
    stripe_account_id = str(connection.stripe_account_id) if may_go_on else ""
    if not stripe_account_id:
        stripe_account_id = _create_account(workspace, connection)
    nothing_yet = AccountFacts(charges_enabled=False, details_submitted=False)
    facts = gateway.find_facts(stripe_account_id) if may_go_on else nothing_yet
    return _connect(connection, stripe_account_id, facts, state)


def _create_account(workspace: Account, connection: Connection) -> str:
    """Create a Stripe account. Where a key only replays an error of Stripe's, the next key is used.

    The account that may have been made all the same stays empty, and is nobody's.
    """
    for attempt in range(1, MAXIMUM_ATTEMPTS):
        try:
            return gateway.create_account(workspace, f"{connection.version}/{attempt}")
        except StripeUnavailable as error:
            if not error.replayed:
                raise
    return gateway.create_account(workspace, f"{connection.version}/{MAXIMUM_ATTEMPTS}")


def _connect(connection: Connection, stripe_account_id: str, facts: AccountFacts, state: LinkState) -> str:
    now_ms, livemode, platform_id = clock.now_ms(), bool(is_live()), gateway.find_platform_id()

    def connect(current: Connection) -> Connection:
        if current.is_connected and current.stripe_account_id != stripe_account_id:
            raise AlreadyConnected(current)
        if current.is_connected:
            return current  # a request of the same moment was first
        owner = table.find_workspace(stripe_account_id)
        if owner not in {None, current.workspace_id}:
            raise ConnectedElsewhere(stripe_account_id)
        return connected(
            current,
            stripe_account_id,
            "onboarding",
            facts,
            livemode=livemode,
            platform_id=platform_id,
            by=state.actor,
            now_ms=now_ms,
        )

    table.change(connection.workspace_id, connect)
    return stripe_account_id


def _address(page: str) -> str:
    base_url = public_base_url()
    return base_url.url(base_url.api_path("/stripe/{page}", page=page))
