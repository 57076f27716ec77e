"""Moves over HTTP."""

from typing import Any, Final

from chalicelib import clock
from chalicelib.accounts.account import (
    Account,
    NotAClient,
    NotAWorkspace,
    check_is_client,
    check_is_workspace,
)
from chalicelib.accounts.permission import REFUSALS, Permission, Right, allow_workspace
from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.post import LedgerBusy
from chalicelib.money import parse_signed_micros
from chalicelib.moves import table
from chalicelib.moves.answer_move import MoveAnswer, accept_move, decline_move
from chalicelib.moves.list_incoming import list_incoming
from chalicelib.moves.move import Move, find_obstacles
from chalicelib.moves.refusals import (
    BalanceGrown,
    BalanceNotAgreed,
    MoveBlocked,
    MoveBusy,
    MoveNotFound,
    MoveNotOpen,
)
from chalicelib.moves.request_move import MoveRequest, request_move, withdraw_move
from chalicelib.moves.view import IncomingMoveList, MoveView, view_incoming, view_move
from chalicelib.subscriptions import table as subscriptions
from chalicelib.web import Call, Routes

routes = Routes(__name__, "Moves", "A client goes to another workspace: one asks, the other accepts.")

MOVE: Final = "/v1/accounts/{account_id}/move"
INCOMING: Final = "/v1/accounts/{account_id}/incoming-moves"


@routes.operation(
    "PUT",
    MOVE,
    summary="Ask to move a client to another workspace",
    description=(
        "By the owner of the client's workspace, or the operator. It can be accepted within seven days, and replaces "
        "an open request. The answer does not tell whether the other workspace exists; whether it fits is checked when "
        "it accepts. `obstacles` is what is already known to keep it from that."
    ),
    takes=MoveRequest,
    example={"to_workspace_id": "south", "balance": "keep"},
    gives=MoveView,
    refuses=(*REFUSALS, NotAClient, MoveBlocked, MoveBusy, LedgerBusy),
)
def put_move(call: Call[MoveRequest, None], account_id: str) -> MoveView:
    allowed = allow_workspace(call, account_id, Right.ACT)
    request = call.body
    check_is_client(allowed.account)
    return _view(request_move(allowed.account, request, actor=allowed.actor), allowed)


@routes.operation(
    "GET",
    MOVE,
    summary="Show the latest request to move a client",
    description="Its state, and what goes along and what stays.",
    gives=MoveView,
    refuses=(*REFUSALS, NotAClient, MoveNotFound),
)
def get_move(call: Call[None, None], account_id: str) -> MoveView:
    allowed = _allow_client(call, account_id, Right.READ)
    return _view(table.get(account_id), allowed)


@routes.operation(
    "DELETE",
    MOVE,
    summary="Withdraw the request to move a client",
    description="As long as it is not answered. Repeating it is safe.",
    gives=MoveView,
    refuses=(*REFUSALS, NotAClient, MoveNotFound, MoveNotOpen, MoveBusy),
)
def delete_move(call: Call[None, None], account_id: str) -> MoveView:
    allowed = _allow_client(call, account_id, Right.ACT)
    return _view(withdraw_move(allowed.account, actor=allowed.actor), allowed)


@routes.operation(
    "GET",
    INCOMING,
    summary="List the open requests to move clients to a workspace",
    description=(
        "Those that expire first, at most 25. Of each client: its id, name and balance, what goes along and what stays."
    ),
    gives=IncomingMoveList,
    refuses=(*REFUSALS, NotAWorkspace),
)
def get_incoming_moves(call: Call[None, None], account_id: str) -> IncomingMoveList:
    workspace = _allow_destination(call, account_id, Right.READ).account
    found, more_after_ms = list_incoming(workspace, clock.now_ms())
    return IncomingMoveList([view_incoming(each) for each in found], complete=more_after_ms is None)


@routes.operation(
    "POST",
    INCOMING + "/{client_id}",
    summary="Accept the request to move a client, or decline it",
    description=(
        "By the owner of the workspace that was asked, or the operator. Accepting needs the `balance` that was asked "
        "for, and with `balance_seen` it refuses a balance that is higher by now. From then on the client is the "
        "workspace's; usage is charged to it from `charged_from` on. Repeating it is safe, and finishes what was cut "
        "off."
    ),
    takes=MoveAnswer,
    example={"accept": True, "balance": "keep", "balance_seen": "5.00"},
    gives=MoveView,
    refuses=(
        *REFUSALS,
        NotAWorkspace,
        MoveNotFound,
        MoveNotOpen,
        BalanceNotAgreed,
        BalanceGrown,
        MoveBlocked,
        MoveBusy,
        LedgerBusy,
    ),
)
def post_incoming_move(call: Call[MoveAnswer, None], account_id: str, client_id: str) -> MoveView:
    allowed = _allow_destination(call, account_id, Right.ACT)
    workspace, actor = allowed.account, allowed.caller.actor_on(client_id)
    if call.body.accept:
        answer = call.body
        seen_micros = None if answer.balance_seen is None else parse_signed_micros(answer.balance_seen)
        move = accept_move(
            workspace, client_id, answer.balance, actor=actor, catalog=catalog(), seen_micros=seen_micros
        )
    else:
        move = decline_move(workspace, client_id, actor=actor)
    return view_move(move, workspace.currency, [], caller=allowed.caller, now_ms=clock.now_ms())


def _allow_client(call: Call[Any, Any], account_id: str, right: Right) -> Permission:
    """Check that the caller has a right on a client as its workspace, or the operator. Raises also NotAClient."""
    allowed = allow_workspace(call, account_id, right)
    check_is_client(allowed.account)
    return allowed


def _allow_destination(call: Call[Any, Any], account_id: str, right: Right) -> Permission:
    """Check that the caller has a right on a workspace. Raises also NotAWorkspace."""
    allowed = allow_workspace(call, account_id, right)
    check_is_workspace(allowed.account)
    return allowed


def _view(move: Move, allowed: Permission) -> MoveView:
    """Present a move to the client's side, with what it knows to keep it from being accepted."""
    client: Account = allowed.account
    now_ms = clock.now_ms()
    obstacles = find_obstacles(client, subscriptions.find(client.account_id), None) if move.is_open(now_ms) else []
    return view_move(move, client.currency, obstacles, caller=allowed.caller, now_ms=now_ms)
