"""The shape of a connection in answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.viewer import name_for
from chalicelib.clock import iso
from chalicelib.connection.connection import Connection, State, Way
from chalicelib.connection.start_connection import ConnectionLink, offers
from chalicelib.token import Caller


class ConnectionView(msgspec.Struct):
    """A workspace's connection. `detail` says what the state means and what to do; `offers` are the ways to connect.

    A disconnected one still names its Stripe account. `access_revoked` is false while Stripe could not be told that it
    was disconnected: `DELETE` tells Stripe again; null for any other. `disabled_reason` is Stripe's.
    """

    state: State
    detail: str
    stripe_account: str | None
    livemode: bool | None
    charges_enabled: bool
    details_submitted: bool
    disabled_reason: str | None
    checked_at: str | None
    connected_at: str | None
    connected_by: ShownName | None
    disconnected_at: str | None
    disconnected_by: ShownName | None
    access_revoked: bool | None
    offers: list[Way]


class ConnectionLinkView(msgspec.Struct):
    """The address to open in a new window, once. It works until `expires_at`."""

    url: Annotated[
        str, Meta(description="A page here that leads to Stripe. Open it in a new window, for the workspace's owner.")
    ]
    expires_at: str
    offers: list[Way]


def view_connection(connection: Connection, caller: Caller) -> ConnectionView:
    """Present a connection to its workspace or to the platform."""
    facts, connected_by, disconnected_by = connection.facts, connection.connected_by, connection.disconnected_by
    return ConnectionView(
        state=connection.state,
        detail=connection.sentence,
        stripe_account=connection.stripe_account_id,
        livemode=connection.livemode,
        charges_enabled=bool(facts and facts.charges_enabled and connection.is_connected),
        details_submitted=bool(facts and facts.details_submitted),
        disabled_reason=facts.disabled_reason if facts else None,
        checked_at=_time(connection.facts_at_ms),
        connected_at=_time(connection.connected_at_ms),
        connected_by=name_for(caller, connected_by) if connected_by else None,
        disconnected_at=_time(connection.disconnected_at_ms),
        disconnected_by=name_for(caller, disconnected_by) if disconnected_by else None,
        access_revoked=connection.access_revoked if connection.state == "disconnected" else None,
        offers=offers(),
    )


def view_link(link: ConnectionLink) -> ConnectionLinkView:
    """Present an address."""
    return ConnectionLinkView(link.url, iso(link.expires_at_ms), offers())


def _time(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else iso(moment_ms)
