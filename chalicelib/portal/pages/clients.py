"""A workspace's clients: what each brings and what it lacks; and a form for a new one."""

from typing import Final

from chalice.app import Response
from msgspec import UNSET

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, AccountArchived, ClientIdInvalid
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.clients.client import SENTENCES, Client, Tab, needs_attention
from chalicelib.clients.cursor import read_cursor, write_cursor
from chalicelib.clients.list_clients import MOST_LISTED, list_clients, sum_month
from chalicelib.clock import month_of
from chalicelib.errors import Refusal
from chalicelib.http_input import read_fields
from chalicelib.i18n.texts import mark
from chalicelib.moves.list_incoming import list_incoming
from chalicelib.moves.view import view_incoming
from chalicelib.portal import forms, render
from chalicelib.portal.find_client import check_has_clients
from chalicelib.portal.request import PortalRequest
from chalicelib.text import AccountId, Email, Line, Locale, Text

TABS: Final[tuple[Tab, ...]] = ("all", "rebilled", "suspended", "archived")
FIELDS: Final[dict[str, type[Text]]] = {"name": Line, "email": Email, "id": AccountId}
TAKEN: Final = mark("One of your clients already has this ID. Please choose another.")


def show(request: PortalRequest) -> Response:
    """Show a page of clients, and what all of them brought this month. Raises PageNotFound, InvalidCursor."""
    check_has_clients(request)
    workspace_id, now_ms = request.account.account_id, clock.now_ms()
    tab: Tab = next((each for each in TABS if each == request.query.get("tab")), "all")
    cursor = request.query.get("cursor")
    after = read_cursor(cursor) if cursor else None
    incoming, more_after_ms = list_incoming(request.account, now_ms)
    found = list_clients(workspace_id, tab, after=after, limit=MOST_LISTED, now_ms=now_ms)
    return render.page(
        request,
        "clients.html",
        here="clients",
        tab=tab,
        tabs=TABS,
        clients=[(each, attention(request, each)) for each in found.clients],
        unreadable=found.unreadable,
        more=write_cursor(found.next_id) if found.next_id else None,
        is_first=after is None,
        total=sum_month(workspace_id, month_of(now_ms)),
        incoming=[view_incoming(each) for each in incoming],
        more_incoming=more_after_ms is not None,
        today=clock.day_of(now_ms),
    )


def attention(request: PortalRequest, client: Client) -> list[str]:
    """Say what a client lacks, to its workspace."""
    floor_micros = request.catalog.limits(request.currency).floor_micros
    return [request.words.say(SENTENCES[each][0]) for each in needs_attention(client, floor_micros)]


def show_new(request: PortalRequest) -> Response:
    """Show the form for a new client. Raises PageNotFound, Forbidden."""
    check_has_clients(request)
    request.check_may_act()
    return _form(request, dict.fromkeys(FIELDS, ""))


def create(request: PortalRequest) -> Response:
    """Create a client. The same form once more shows the client that it made. Raises PageNotFound, AccountBusy."""
    check_has_clients(request)
    given = {name: request.form.get(name, "") for name in FIELDS}
    errors = {name: text for name, kind in FIELDS.items() if (text := forms.wrong_text(request, kind, given[name]))}
    if errors:
        return _form(request, given, errors)
    client_id = f"{request.account.account_id}.{given['id']}"
    try:
        existing = _existing(client_id)
        if existing is None:
            create_or_change(request.session.caller, client_id, _account_of(request, given), request.catalog)
        elif existing.workspace_id != request.account.account_id or _differs(existing, given):
            return _form(request, given, {"id": request.words.say(TAKEN)})
    except (ClientIdInvalid, AccountArchived) as refusal:
        return _form(request, given, forms.errors_of(request, refusal, ()), refusal)
    return request.go("clients", client_id, done="created")


def _differs(existing: Account, given: dict[str, str]) -> bool:
    return (existing.name, existing.email) != (given["name"], given["email"])


def _existing(client_id: str) -> Account | None:
    """Return the account that has an id, which may be a client that has moved. Raises ClientIdInvalid if too long."""
    if not AccountId.fits(client_id):
        raise ClientIdInvalid(client_id.rpartition(".")[0])
    return accounts.find(client_id)


def _account_of(request: PortalRequest, given: dict[str, str]) -> AccountRequest:
    """Return the request for a client, in its workspace's currency and language."""
    workspace = request.account
    fields = {
        "kind": "client",
        "name": given["name"],
        "email": given["email"],
        "currency": workspace.currency,
        "workspace_id": workspace.account_id,
        "locale": workspace.locale if Locale.fits(workspace.locale) else UNSET,
    }
    return read_fields(fields, AccountRequest)


def _form(
    request: PortalRequest,
    given: dict[str, str],
    errors: forms.Errors | None = None,
    refusal: Refusal | None = None,
) -> Response:
    return render.page(
        request,
        "new_client.html",
        status=refusal.status if refusal else 422 if errors else 200,
        here="clients",
        given=given,
        errors=errors or {},
    )
