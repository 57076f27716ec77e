"""Why a move is not requested, answered or found."""

from collections.abc import Sequence
from typing import Final

from chalicelib.errors import Busy, Refusal
from chalicelib.moves.move import OBSTACLES, Balance, Move, Obstacle

ATTEMPTS: Final = 8
"""How many times a move is written when concurrent writes conflict with it."""


class MoveNotFound(Refusal):
    """Nobody asked to move this client, or not to this workspace; the answer is the same."""

    status = 404
    type = "move-not-found"
    title = "No such move"

    def __init__(self, client_id: str) -> None:
        super().__init__(f"there is no request to move {client_id[:64]!r} here", account_id=client_id[:64])


class MoveNotOpen(Refusal):
    """The request was answered or withdrawn, or it has expired."""

    status = 409
    type = "move-not-open"
    title = "The move can no longer be answered"

    def __init__(self, move: Move) -> None:
        state = "expired" if move.state == "requested" else move.state
        super().__init__(f"the request is {state}; the client's workspace can ask again", state=state)


class MoveChanged(Refusal):
    """The request is another one than the person was shown."""

    status = 409
    type = "move-changed"
    title = "The request has changed"

    def __init__(self, client_id: str) -> None:
        super().__init__("somebody else has asked for another move meanwhile", account_id=client_id)


class BalanceNotAgreed(Refusal):
    """The workspaces do not agree on what becomes of the client's balance."""

    status = 409
    type = "balance-not-agreed"
    title = "Not what was asked for"

    def __init__(self, asked: Balance) -> None:
        super().__init__(
            f"the client's workspace asked to {asked} the balance; accept that, or decline", field="balance"
        )


class BalanceGrown(Refusal):
    """The client's balance is higher than the one that the new workspace was shown."""

    status = 409
    type = "balance-grown"
    title = "The client's balance is higher by now"

    def __init__(self, balance: str, currency: str) -> None:
        super().__init__(
            f"it is {balance} {currency} by now; look at the request again", balance=balance, currency=currency
        )


class MoveBlocked(Refusal):
    """Something keeps the move from being accepted. `obstacles` has all of it."""

    status = 409
    type = "move-blocked"
    title = "The client cannot be moved now"

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(" ".join(OBSTACLES[each] for each in obstacles), obstacles=list(obstacles))


class MoveBusy(Busy):
    """Too many concurrent changes of one client, or of its wallet."""

    type = "move-busy"
    title = "The client is being changed by others"


def check_shown(move: Move, version: int | None) -> None:
    """Check that an open request is the one that a person was shown; None is whichever it is. Raises MoveChanged."""
    if version not in {None, move.version}:
        raise MoveChanged(move.account_id)
