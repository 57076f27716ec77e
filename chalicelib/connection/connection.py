"""A workspace's connection to its own Stripe account: values and rules. Pure."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.connection.disabled_reasons import explain_disabled
from chalicelib.i18n.texts import mark
from chalicelib.stripe_api.stripe_account import StripeAccount

State = Literal["none", "onboarding", "active", "restricted", "disconnected"]
Way = Literal["oauth", "onboarding"]

CONNECTED: Final = frozenset[State]({"onboarding", "active", "restricted"})
"""States in which the Stripe account is the workspace's, and the platform has access to it."""

MOST_EARLIER: Final = 20
"""How many earlier Stripe accounts are remembered: a client's card is looked for on them."""

MOST_SEARCHED: Final = 50
"""On how many earlier Stripe accounts a client's card is looked for, with those of its former workspaces."""

AT_STRIPE: Final = "stripe"
"""Who disconnected an account at Stripe's side."""


class AccountFacts(msgspec.Struct, frozen=True):
    """What Stripe says about a connected account. https://docs.stripe.com/api/accounts/object."""

    charges_enabled: bool
    details_submitted: bool
    disabled_reason: str | None = None


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace's connection. A disconnected one keeps its Stripe account, so that history stays readable.

    `platform_id` is the platform's own Stripe account, whose key connected it: with another key, Stripe refuses access
    although nothing was disconnected. `access_revoked` is False while Stripe could not be told that the connection was
    broken. `earlier` are the Stripe accounts of before, newest first. Every change increments `version`, and is written
    on condition of it.
    """

    workspace_id: str
    state: State = "none"
    stripe_account_id: str | None = None
    way: Way | None = None
    livemode: bool | None = None
    platform_id: str | None = None
    facts: AccountFacts | None = None
    facts_at_ms: int | None = None
    connected_at_ms: int | None = None
    connected_by: str | None = None
    disconnected_at_ms: int | None = None
    disconnected_by: str | None = None
    access_revoked: bool = True
    earlier: tuple[str, ...] = ()
    version: int = 0

    @property
    def is_connected(self) -> bool:
        """Tell whether the workspace has a Stripe account here, which may not take payments yet."""
        return self.state in CONNECTED

    @property
    def is_working(self) -> bool:
        """Tell whether clients can pay through it."""
        return self.state == "active"

    @property
    def stripe_account(self) -> StripeAccount | None:
        """Return the Stripe account, also after it was disconnected; None if there never was one."""
        return StripeAccount(self.stripe_account_id) if self.stripe_account_id else None

    @property
    def sentence(self) -> str:
        """Say what the state means, and what to do, to the workspace."""
        if self.state == "restricted":
            return explain_disabled(self.facts.disabled_reason if self.facts else None)
        if self.state == "disconnected":
            return DISCONNECTED if self.access_revoked else DISCONNECTED_HERE
        return SENTENCES[self.state]


SENTENCES: Final[dict[State, str]] = {
    "none": mark("No Stripe account is connected, so clients cannot pay. Connect one."),
    "onboarding": mark(
        "Stripe does not have all that it needs yet. Go on with the onboarding; clients can pay when it is complete."
    ),
    "active": mark("Clients pay through this Stripe account."),
}
DISCONNECTED: Final = mark(
    "The Stripe account is disconnected, so clients cannot pay. Connect it again, or another one."
)
DISCONNECTED_HERE: Final = mark(
    "The Stripe account is disconnected here, so clients cannot pay. Stripe could not be told: disconnect once more, "
    "or remove the platform in Stripe's dashboard, under installed apps."
)


def state_of(facts: AccountFacts) -> State:
    """Return the state that follows from what Stripe says of a connected account."""
    if facts.charges_enabled:
        return "active"
    is_rejected = (facts.disabled_reason or "").startswith("rejected.")
    return "restricted" if facts.details_submitted or is_rejected else "onboarding"


def with_facts(connection: Connection, facts: AccountFacts, now_ms: int) -> Connection:
    """Return a connection with what Stripe says now; a disconnected one stays as it is."""
    if not connection.is_connected:
        return connection
    return replace(connection, state=state_of(facts), facts=facts, facts_at_ms=now_ms)


def connected(
    before: Connection,
    stripe_account_id: str,
    way: Way,
    facts: AccountFacts,
    *,
    livemode: bool,
    platform_id: str | None,
    by: str,
    now_ms: int,
) -> Connection:
    """Return the connection of a workspace that connects a Stripe account, for the first time or again."""
    old = before.stripe_account_id
    earlier = [old, *before.earlier] if old else [*before.earlier]
    others = [each for each in dict.fromkeys(earlier) if each != stripe_account_id]
    return Connection(
        workspace_id=before.workspace_id,
        state=state_of(facts),
        stripe_account_id=stripe_account_id,
        way=way,
        livemode=livemode,
        platform_id=platform_id,
        facts=facts,
        facts_at_ms=now_ms,
        connected_at_ms=now_ms,
        connected_by=by,
        earlier=tuple(others[:MOST_EARLIER]),
        version=before.version,
    )


def disconnected(connection: Connection, *, by: str, access_revoked: bool, now_ms: int) -> Connection:
    """Return a connection as it is after it was broken; who broke it first stays."""
    if not connection.is_connected:
        return replace(connection, access_revoked=connection.access_revoked or access_revoked)
    return replace(
        connection,
        state="disconnected",
        disconnected_at_ms=now_ms,
        disconnected_by=by,
        access_revoked=access_revoked,
    )


class Unconnected(msgspec.Struct, frozen=True):
    """Why a client cannot pay: its workspace has no working connection.

    `for_workspace` is True if the workspace or the platform asks: only they are told what to do about it. If what says
    whether an account can pay cannot be read, whether it has cards is unknown, too: `cards_unknown`.
    """

    workspace_id: str
    workspace_name: str
    sentence: str
    for_workspace: bool = False
    cards_unknown: bool = False


class PaysOn(msgspec.Struct, frozen=True):
    """The Stripe account that an account pays on. A client that cannot pay has `unconnected`.

    `stripe_account` is then that of the connection which does not work, if there is one: cards are still on it.
    `earlier` are the Stripe accounts on which the account may have saved a card before, here or in a former workspace.
    """

    stripe_account: StripeAccount | None
    unconnected: Unconnected | None = None
    earlier: tuple[StripeAccount, ...] = ()

    @property
    def cards_unknown(self) -> bool:
        """Tell whether nobody knows at the moment where its cards are."""
        return self.unconnected is not None and self.unconnected.cards_unknown


UNREADABLE: Final = "The connection to Stripe cannot be read at the moment."


def pays_on(connection: Connection, workspace_name: str, former: Iterable[Connection] = ()) -> PaysOn:
    """Return the Stripe account that a client pays on, by the connections of its workspace and of its former ones."""
    unconnected = Unconnected(connection.workspace_id, workspace_name, connection.sentence)
    earlier = [*connection.earlier, *(each for one in former for each in (one.stripe_account_id, *one.earlier))]
    others = [each for each in dict.fromkeys(earlier) if each and each != connection.stripe_account_id]
    return PaysOn(
        connection.stripe_account,
        None if connection.is_working else unconnected,
        tuple(StripeAccount(each) for each in others[:MOST_SEARCHED]),
    )
