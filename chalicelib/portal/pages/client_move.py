"""Move a client to another workspace: what goes along and what stays, the request, withdrawing it, and its outcome."""

from typing import Final

from chalice.app import Response

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.errors import Refusal
from chalicelib.http_input import read_fields
from chalicelib.i18n.texts import mark
from chalicelib.ledger.table import read_wallet
from chalicelib.moves import table
from chalicelib.moves.move import OBSTACLES, Balance, Move, find_obstacles
from chalicelib.moves.refusals import MoveBlocked, MoveChanged, MoveNotOpen
from chalicelib.moves.request_move import MoveRequest, request_move, withdraw_move
from chalicelib.moves.view import BALANCE, GOES_ALONG, STAYS, view_move
from chalicelib.portal import forms, render
from chalicelib.portal.find_client import check_has_clients, find_client
from chalicelib.portal.request import PortalRequest
from chalicelib.subscriptions import table as subscriptions
from chalicelib.text import AccountId

CHOOSE: Final = mark("Choose what happens to the balance.")
DONE: Final = {
    "requested": mark("The other workspace can accept the request now."),
    "withdrawn": mark("Request withdrawn."),
}


def show(request: PortalRequest, client_id: str) -> Response:
    """Show the form and the latest request. Raises AccountNotFound, PageNotFound."""
    moved = _find_moved_away(request, client_id)
    return _moved_page(request, moved) if moved else _page(request, find_client(request, client_id))


def send(request: PortalRequest, client_id: str) -> Response:
    """Ask to move a client. Raises AccountNotFound, PageNotFound, InvalidRequest, MoveBusy, LedgerBusy."""
    moved = _find_moved_away(request, client_id)
    if moved:
        return _moved_page(request, moved, 409)
    client, to = find_client(request, client_id), request.form.get("to_workspace_id", "")
    balance = read_balance(request)
    errors = {"to_workspace_id": forms.wrong_text(request, AccountId, to)}
    errors["balance"] = None if balance else request.words.say(CHOOSE)
    told = {field: text for field, text in errors.items() if text}
    if balance is None or told:
        return _page(request, client, told, 422)
    asked = read_fields({"to_workspace_id": to, "balance": balance}, MoveRequest)
    version = forms.number(request.form, "version")
    try:
        request_move(client, asked, actor=request.actor_on(client), version=version)
    except MoveBlocked as refusal:
        same = OBSTACLES["same_workspace"]
        return _page(request, client, {"to_workspace_id": request.words.say(same)}, refusal.status)
    except MoveChanged as refusal:
        return _refused(request, client, refusal)
    return request.go("clients", client_id, "move", done="requested")


def withdraw(request: PortalRequest, client_id: str) -> Response:
    """Withdraw the request. Raises AccountNotFound, PageNotFound, InvalidRequest, MoveNotFound, MoveBusy."""
    moved = _find_moved_away(request, client_id)
    if moved:
        return _moved_page(request, moved, 409)
    client = find_client(request, client_id)
    try:
        withdraw_move(client, actor=request.actor_on(client), version=forms.number(request.form, "version"))
    except (MoveNotOpen, MoveChanged) as refusal:
        return _refused(request, client, refusal)
    return request.go("clients", client_id, "move", done="withdrawn")


def read_balance(request: PortalRequest) -> Balance | None:
    """Return what a form says of the client's balance; None if it says nothing of it."""
    return next((each for each in BALANCE if each == request.form.get("balance")), None)


def _find_moved_away(request: PortalRequest, client_id: str) -> Move | None:
    """Return the move of a client that another workspace took from this one, which must know what was settled.

    Raises PageNotFound.
    """
    check_has_clients(request)
    move = table.find(client_id)
    if move is None or move.state != "accepted" or move.from_workspace_id != request.account.account_id:
        return None
    return move


def _refused(request: PortalRequest, client: Account, refusal: Refusal) -> Response:
    """Show the page as it is now, with the refusal; of a client that was taken meanwhile, its move."""
    moved = _find_moved_away(request, client.account_id)
    if moved:
        return _moved_page(request, moved, refusal.status)
    return _page(request, client, forms.errors_of(request, refusal, ()), refusal.status)


def _page(request: PortalRequest, client: Account, errors: forms.Errors | None = None, status: int = 200) -> Response:
    now_ms, latest = clock.now_ms(), table.find(client.account_id)
    move = latest if latest and latest.from_workspace_id == request.account.account_id else None
    obstacles = find_obstacles(client, subscriptions.find(client.account_id), None)
    shown = view_move(move, client.currency, obstacles, caller=request.session.caller, now_ms=now_ms) if move else None
    done = DONE.get(shown.state) if shown and request.query.get("done") == shown.state else None
    return render.page(
        request,
        "client_move.html",
        status=status,
        here="clients",
        client=client,
        move=shown,
        version=move.version if move else 0,
        is_open=move is not None and move.is_open(now_ms),
        obstacles=[(each, OBSTACLES[each]) for each in obstacles],
        goes_along=list(GOES_ALONG.values()),
        stays=list(STAYS.values()),
        balance_micros=read_wallet(client.account_id).balance_micros,
        given={name: request.form.get(name, "") for name in ("to_workspace_id", "balance")},
        errors=errors or {},
        confirmation=request.words.say(done) if done else None,
    )


def _moved_page(request: PortalRequest, move: Move, status: int = 200) -> Response:
    shown = view_move(move, request.currency, [], caller=request.session.caller, now_ms=clock.now_ms())
    return render.page(request, "client_moved.html", status=status, here="clients", move=shown)
