"""Clients that other workspaces ask this one to take: what comes along with each, accepting, declining, the outcome."""

from typing import Final

from chalice.app import Response

from chalicelib import clock
from chalicelib.connection import table as connections
from chalicelib.errors import Refusal
from chalicelib.i18n.texts import mark
from chalicelib.ledger.post import LedgerBusy
from chalicelib.ledger.table import read_wallet
from chalicelib.moves.answer_move import accept_move, decline_move
from chalicelib.moves.list_incoming import IncomingMove, find_incoming, list_incoming
from chalicelib.moves.refusals import BalanceGrown, BalanceNotAgreed, MoveBlocked, MoveChanged, MoveNotOpen
from chalicelib.moves.view import view_incoming, view_move
from chalicelib.portal import forms, render
from chalicelib.portal.find_client import check_has_clients
from chalicelib.portal.pages.client_move import read_balance
from chalicelib.portal.request import PortalRequest
from chalicelib.pricing import table as pricing

ANSWERS: Final = {"accept": "accepted", "decline": "declined"}
CHOOSE: Final = mark("Nothing was changed. Please accept or decline the request.")
DONE: Final = {
    "accepted": mark("The client is now yours."),
    "declined": mark("Request declined."),
}


def show(request: PortalRequest) -> Response:
    """Show the open requests. Raises PageNotFound, InvalidRequest."""
    check_has_clients(request)
    now_ms, after_ms = clock.now_ms(), forms.number(request.query, "after", digits=15)
    found, more_after_ms = list_incoming(request.account, max(now_ms, after_ms))
    return render.page(
        request,
        "incoming_moves.html",
        here="clients",
        moves=[view_incoming(each) for each in found],
        more=more_after_ms,
        is_first=after_ms <= now_ms,
    )


def show_one(request: PortalRequest, incoming_id: str) -> Response:
    """Show a request, or what became of it. Raises PageNotFound, MoveNotFound."""
    check_has_clients(request)
    return _page(request, incoming_id)


def answer(request: PortalRequest, incoming_id: str) -> Response:
    """Accept a request, or decline it. Raises PageNotFound, InvalidRequest, MoveNotFound, MoveBusy."""
    check_has_clients(request)
    chosen = forms.one_of(request.form, "answer", ANSWERS)
    if chosen is None:
        return _page(request, incoming_id, {"": request.words.say(CHOOSE)}, 422)
    try:
        _answer(request, incoming_id, accept=chosen == "accept")
    except LedgerBusy:
        pass  # The client is moved; what settles its balance is posted by itself, as the page says.
    except (MoveNotOpen, MoveChanged, BalanceGrown, BalanceNotAgreed, MoveBlocked) as refusal:
        return _refused(request, incoming_id, refusal)
    return request.go("incoming-moves", incoming_id, done=ANSWERS[chosen])


def _answer(request: PortalRequest, client_id: str, *, accept: bool) -> None:
    workspace, actor = request.account, request.session.caller.actor_on(client_id)
    if accept:
        accept_move(
            workspace,
            client_id,
            read_balance(request),
            actor=actor,
            catalog=request.catalog,
            seen_micros=forms.number(request.form, "seen_micros", digits=30),
        )
    else:
        decline_move(workspace, client_id, actor=actor, version=forms.number(request.form, "version"))


def _refused(request: PortalRequest, client_id: str, refusal: Refusal) -> Response:
    return _page(request, client_id, forms.errors_of(request, refusal, ()), refusal.status)


def _page(request: PortalRequest, client_id: str, errors: forms.Errors | None = None, status: int = 200) -> Response:
    found, now_ms = find_incoming(request.account, client_id), clock.now_ms()
    if not found.move.is_open(now_ms):
        return _closed_page(request, found, now_ms, errors, status)
    return render.page(
        request,
        "incoming_move.html",
        status=status,
        here="clients",
        move=view_incoming(found),
        version=found.move.version,
        balance_micros=found.balance_micros,
        is_rebilled=pricing.find(request.account.account_id).is_on(now_ms),
        errors=errors or {},
        **_readiness(request),
    )


def _closed_page(
    request: PortalRequest, found: IncomingMove, now_ms: int, errors: forms.Errors | None, status: int
) -> Response:
    """Show what became of a request; of a client that was not taken nothing more than its id."""
    move, workspace_id = found.move, request.account.account_id
    shown = view_move(move, request.currency, [], caller=request.session.caller, now_ms=now_ms)
    done = DONE.get(shown.state) if request.query.get("done") == shown.state else None
    return render.page(
        request,
        "incoming_move_closed.html",
        status=status,
        here="clients",
        move=shown,
        client=found.client if found.client.workspace_id == workspace_id else None,
        from_name=found.from_workspace.name,
        errors=errors or {},
        confirmation=request.words.say(done) if done else None,
        **_readiness(request),
    )


def _readiness(request: PortalRequest) -> dict[str, bool]:
    """Return what the workspace has of what a client needs: to be paid, and to be used."""
    workspace_id = request.account.account_id
    return {
        "is_connected": connections.find(workspace_id).is_working,
        "has_balance": read_wallet(workspace_id).balance_micros > request.limits.floor_micros,
    }
