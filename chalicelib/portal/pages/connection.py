"""A workspace's Stripe account: how it stands, and connecting, testing and disconnecting it."""

from typing import Final

from chalice.app import Response

from chalicelib.connection import table
from chalicelib.connection.break_connection import break_connection
from chalicelib.connection.browser import browser_of, new_secret
from chalicelib.connection.check_connection import check_connection
from chalicelib.connection.connection import Connection, State
from chalicelib.connection.start_connection import offers, start_connection
from chalicelib.connection.view import view_connection
from chalicelib.i18n.texts import mark
from chalicelib.portal import render
from chalicelib.portal.connected import cookie_of
from chalicelib.portal.find_client import check_has_clients
from chalicelib.portal.navigation import frame_origins
from chalicelib.portal.request import PortalRequest

STATES: Final[dict[State, str]] = {
    "none": mark("Not connected"),
    "onboarding": mark("Not complete"),
    "active": mark("Connected"),
    "restricted": mark("Restricted"),
    "disconnected": mark("Disconnected"),
}
DONE: Final = {
    "tested": mark("Checked with Stripe just now."),
    "disconnected": mark("Your Stripe account is disconnected."),
}


def show(request: PortalRequest) -> Response:
    """Show the connection. Raises PageNotFound for a client."""
    check_has_clients(request)
    return _page(request, table.find(request.account.account_id))


def start(request: PortalRequest) -> Response:
    """Show the link to Stripe, which opens in a new window, and bind the attempt to this browser.

    Raises PageNotFound, and what `start_connection` raises.
    """
    check_has_clients(request)
    workspace = request.account
    way = next((each for each in offers() if each == request.form.get("way")), None)
    if way is None:
        return request.go("connection")
    # In a frame of another site no cookie can be set that comes back from Stripe: an address outside of it does that.
    secret = None if frame_origins() else new_secret()
    link = start_connection(
        workspace,
        way,
        account_id=request.session.caller.account_id,
        actor=request.allowed.actor,
        browser=browser_of(secret) if secret else None,
    )
    page = _page(request, table.find(workspace.account_id), link.url)
    if secret:
        page.headers["Set-Cookie"] = cookie_of(secret, way)
    return page


def check(request: PortalRequest) -> Response:
    """Ask Stripe how the account stands. Raises PageNotFound, StripeUnavailable, ConnectionBusy."""
    check_has_clients(request)
    check_connection(request.account.account_id)
    return request.go("connection", done="tested")


def ask_break(request: PortalRequest) -> Response:
    """Show what disconnecting ends and what stays. Raises PageNotFound."""
    check_has_clients(request)
    connection = table.find(request.account.account_id)
    return render.page(request, "connection_break.html", here="clients", connection=connection)


def send_break(request: PortalRequest) -> Response:
    """Disconnect the account. Raises PageNotFound, ConnectionBusy."""
    check_has_clients(request)
    break_connection(request.account.account_id, actor=request.allowed.actor)
    return request.go("connection", done="disconnected")


def _page(request: PortalRequest, connection: Connection, link: str | None = None) -> Response:
    done = DONE.get(request.query.get("done", ""))
    return render.page(
        request,
        "connection.html",
        here="clients",
        connection=connection,
        shown=view_connection(connection, request.session.caller),
        state=request.words.say(STATES[connection.state]),
        sentence=request.words.say(connection.sentence),
        offers=offers(),
        link=link,
        confirmation=request.words.say(done) if done else None,
    )
