"""Ask to move a client to another workspace, or withdraw that. It is not said whether the other workspace exists."""

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.backoff import attempts
from chalicelib.moves import table
from chalicelib.moves.close_request import close_request
from chalicelib.moves.move import VALID_MS, Balance, Move
from chalicelib.moves.refusals import ATTEMPTS, MoveBlocked, MoveBusy, check_shown
from chalicelib.moves.settle import settle
from chalicelib.text import AccountId


class MoveRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """To which workspace the client is to go, and what becomes of its balance.

    `keep`: it goes along, and the new workspace honours it. `settle`: the workspaces settle it between them, and a
    transaction brings it to zero.
    """

    to_workspace_id: AccountId
    balance: Balance


def request_move(client: Account, request: MoveRequest, *, actor: str, version: int | None = None) -> Move:
    """Ask to move a client; return the request. It replaces an open one, unless that asks for the same.

    With the `version` that a person was shown, it replaces no other one. Raises MoveBlocked for the workspace that the
    client is in, AccountNotFound for a client that was moved meanwhile, MoveChanged, MoveBusy.
    """
    if request.to_workspace_id == client.workspace_id:
        raise MoveBlocked(["same_workspace"])
    for _ in attempts(ATTEMPTS):
        before = table.find(client.account_id)
        # After the request: if the client is moved only now, the request has changed, and nothing is written.
        accounts.get_again(client)
        now_ms = clock.now_ms()
        wanted = _new(client, request, actor, now_ms, over=before)
        if before and before.is_open(now_ms):
            if _asks_the_same(before, wanted):
                return before
            check_shown(before, version)
        if before and before.waits_for_settlement:
            settle(before)
        elif table.write(wanted, over=before):
            return wanted
    raise MoveBusy(account_id=client.account_id)


def withdraw_move(client: Account, *, actor: str, version: int | None = None) -> Move:
    """Withdraw the request to move a client: that of the `version`, if one is given. Safe to repeat.

    Raises MoveNotFound, MoveNotOpen, MoveChanged, MoveBusy.
    """
    return close_request(client.account_id, table.get, "withdrawn", actor=actor, version=version)


def _new(client: Account, request: MoveRequest, actor: str, now_ms: int, *, over: Move | None) -> Move:
    return Move(
        account_id=client.account_id,
        from_workspace_id=str(client.workspace_id),
        to_workspace_id=request.to_workspace_id,
        balance=request.balance,
        asked_by=actor,
        asked_at_ms=now_ms,
        expires_at_ms=now_ms + VALID_MS,
        version=over.version + 1 if over else 1,
    )


def _asks_the_same(one: Move, other: Move) -> bool:
    return (one.from_workspace_id, one.to_workspace_id, one.balance) == (
        other.from_workspace_id,
        other.to_workspace_id,
        other.balance,
    )
