"""Suspend a client, archive it, or make it active again: a page says what that ends and what stays, and asks why."""

from typing import Final

from chalice.app import Response

from chalicelib.accounts.account import Account, Standing
from chalicelib.clients.change_standing import StandingRequest, change_standing
from chalicelib.clients.view import view_standing
from chalicelib.http_input import read_fields
from chalicelib.portal import forms, render
from chalicelib.portal.find_client import find_client, viewer_of
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.session import PageNotFound
from chalicelib.text import Line

STANDINGS: Final[tuple[Standing, ...]] = ("active", "suspended", "archived")


def ask(request: PortalRequest, client_id: str) -> Response:
    """Show what another standing means. Raises AccountNotFound, Forbidden, PageNotFound."""
    client = find_client(request, client_id)
    request.check_may_act()
    return _page(request, client, _standing(request.query.get("to")))


def send(request: PortalRequest, client_id: str) -> Response:
    """Give a client its standing. Raises AccountNotFound, PageNotFound, AccountBusy, AutoPayBusy, SubscriptionBusy."""
    client, standing = find_client(request, client_id), _standing(request.form.get("to"))
    reason = request.form.get("reason", "")
    wrong = forms.wrong_text(request, Line, reason)
    if wrong:
        return _page(request, client, standing, {"reason": wrong})
    wanted = read_fields({"standing": standing, "reason": reason}, StandingRequest)
    actor = request.actor_on(client)
    change_standing(client, wanted, actor=actor, catalog=request.catalog)
    return request.go("clients", client_id, done=standing)


def _standing(text: str | None) -> Standing:
    found = next((each for each in STANDINGS if each == text), None)
    if found is None:
        raise PageNotFound("there is no such standing")
    return found


def _page(request: PortalRequest, client: Account, to: Standing, errors: forms.Errors | None = None) -> Response:
    return render.page(
        request,
        "client_standing.html",
        status=422 if errors else 200,
        here="clients",
        client=client,
        to=to,
        charges=view_standing(client, viewer_of(request, client)).recurring_charges,
        reason=request.form.get("reason", ""),
        errors=errors or {},
    )
