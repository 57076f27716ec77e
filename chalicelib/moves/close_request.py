"""Close a request to move a client without moving it: the one side withdraws it, or the other declines it."""

from collections.abc import Callable
from typing import Literal

from chalicelib import clock
from chalicelib.backoff import attempts
from chalicelib.moves import table
from chalicelib.moves.move import Move, answered
from chalicelib.moves.refusals import ATTEMPTS, MoveBusy, MoveNotOpen, check_shown


def close_request(
    client_id: str,
    find: Callable[[str], Move],
    state: Literal["declined", "withdrawn"],
    *,
    actor: str,
    version: int | None,
) -> Move:
    """Close the request to move a client, which `find` reads: that of the `version`, if one is given. Safe to repeat.

    Raises what `find` raises, MoveNotOpen, MoveChanged, MoveBusy.
    """
    for _ in attempts(ATTEMPTS):
        move, now_ms = find(client_id), clock.now_ms()
        if move.state == state:
            return move
        if not move.is_open(now_ms):
            raise MoveNotOpen(move)
        check_shown(move, version)
        closed = answered(move, state, actor=actor, now_ms=now_ms)
        if table.write(closed, over=move):
            return closed
    raise MoveBusy(account_id=client_id)
