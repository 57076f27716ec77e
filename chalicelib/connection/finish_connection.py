"""Finish connecting a Stripe account: the person comes back from Stripe."""

from collections.abc import Iterable

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.connection import gateway, table
from chalicelib.connection.check_connection import check_connection
from chalicelib.connection.connection import AccountFacts, Connection, connected
from chalicelib.connection.link_state import LinkState
from chalicelib.connection.refusals import (
    AlreadyConnected,
    CodeInvalid,
    ConnectedElsewhere,
    ConnectionRefused,
    ConnectionUnanswered,
    StateInvalid,
    StateUsed,
    WrongConnectionMode,
)
from chalicelib.connection.state import read_state
from chalicelib.log import log
from chalicelib.stripe_api.client import is_live
from chalicelib.stripe_api.errors import NotAtStripe, StripeUnavailable

LONGEST_CODE = 255


def finish_connection(state_text: str, secrets: Iterable[str], *, code: str = "", error: str = "") -> Connection:
    """Connect the account that the person has chosen at Stripe, and return the connection.

    `secrets` are those of the browser. Another one than the one that was sent to Stripe finishes nothing: whoever began
    could have sent the address to someone else, to get that person's Stripe account.

    The state is used up before the code is sent to Stripe: a code that comes twice takes the access away. If this is
    cut off afterwards, nothing is connected here, and the person begins again. Raises StateInvalid, OtherBrowser,
    StateUsed, ConnectionRefused, CodeInvalid, ConnectionUnanswered, WrongConnectionMode, AlreadyConnected,
    ConnectedElsewhere, ConnectionBusy.
    """
    state = read_state(state_text, "oauth", secrets)
    workspace = accounts.find(state.workspace_id)
    if workspace is None or workspace.kind != "workspace" or not (error or 0 < len(code) <= LONGEST_CODE):
        raise StateInvalid("the address is not complete; begin again")
    if not table.use_state(state):
        return _finished_before(state)
    if error:
        raise ConnectionRefused(f"Stripe says {error[:60]!r}; nothing was connected", code=error[:60])
    try:
        grant = gateway.exchange_code(code)
        facts = gateway.find_facts(grant.stripe_account_id)
    except NotAtStripe:
        raise CodeInvalid("the code was used before, has expired or is not Stripe's; begin again") from None
    except StripeUnavailable:
        raise ConnectionUnanswered("Stripe did not answer, and nothing is connected here; begin again") from None
    if is_live() is not None and grant.livemode != is_live():
        raise WrongConnectionMode(livemode=grant.livemode)
    return _connect(state, grant, facts)


def _finished_before(state: LinkState) -> Connection:
    """Return the connection that the first use of a state has made. Raises StateUsed."""
    connection = table.find(state.workspace_id)
    if connection.is_connected:
        return connection
    raise StateUsed("this address was used already; begin again")


def _connect(state: LinkState, grant: gateway.Grant, facts: AccountFacts) -> Connection:
    now_ms, platform_id = clock.now_ms(), gateway.find_platform_id()

    def connect(current: Connection) -> Connection:
        is_other = current.stripe_account_id != grant.stripe_account_id
        if current.is_connected and is_other and current.state != "onboarding":
            raise AlreadyConnected(current)
        if table.find_workspace(grant.stripe_account_id) not in {None, current.workspace_id}:
            raise ConnectedElsewhere(grant.stripe_account_id)
        return connected(
            current,
            grant.stripe_account_id,
            "oauth",
            facts,
            livemode=grant.livemode,
            platform_id=platform_id,
            by=state.actor,
            now_ms=now_ms,
        )

    made = table.change(state.workspace_id, connect)
    log().info(
        "a Stripe account is connected",
        account_id=made.workspace_id,
        stripe_account=made.stripe_account_id,
        state=made.state,
        actor=state.actor,
        actor_account=state.account_id,
    )
    return made


def finish_onboarding(state_text: str, secrets: Iterable[str]) -> Connection:
    """Return the connection as it is when the person comes back from an onboarding, which may not be complete.

    Raises StateInvalid, OtherBrowser, StripeUnavailable, ConnectionBusy.
    """
    return check_connection(read_state(state_text, "onboarding", secrets).workspace_id)
