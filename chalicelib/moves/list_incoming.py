"""List the open requests to move clients to a workspace, with what it is to know of each client. Two calls a list."""

from typing import Final

import msgspec

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow
from chalicelib.ledger.table import WalletRow, wallet_of
from chalicelib.ledger.wallet import WalletNotFound
from chalicelib.moves import table
from chalicelib.moves.move import Move, Obstacle, find_obstacles
from chalicelib.readable import read_each
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.table import SubscriptionRow
from chalicelib.tables import Rows, read_rows

MOST_LISTED: Final = 25
"""How many requests are listed at most: four rows for each are read in one call."""


class IncomingMove(msgspec.Struct, frozen=True):
    """A request, the client with its balance, who asks, and what keeps it from being accepted."""

    move: Move
    client: Account
    balance_micros: int
    from_workspace: Account
    obstacles: list[Obstacle]


def list_incoming(to: Account, after_ms: int) -> tuple[list[IncomingMove], int | None]:
    """Return the open requests that expire first after a time, and the time after which the list goes on, if it does.

    Open are those that expire after now. One of the last moment may be missing.
    """
    found = table.incoming(to.account_id, after_ms, MOST_LISTED + 1)
    more = found[MOST_LISTED:]
    return _complete(found[:MOST_LISTED], to), more[0].expires_at_ms - 1 if more else None


def find_incoming(to: Account, client_id: str) -> IncomingMove:
    """Return the latest request to move a client to a workspace, whatever became of it. Raises MoveNotFound."""
    move = table.get_incoming(to.account_id, client_id)
    return _incoming(move, _rows([move]), to)


def _complete(moves: list[Move], to: Account) -> list[IncomingMove]:
    """Read what else is shown of each request. One that cannot be read is another workspace's: it is left out."""
    rows, by_client = _rows(moves), {move.account_id: move for move in moves}
    found, _ = read_each(by_client, lambda client_id: _incoming(by_client[client_id], rows, to), what="move")
    return list(found.values())


def _rows(moves: list[Move]) -> Rows:
    ids = [move.account_id for move in moves]
    return read_rows(
        {AccountRow: {*ids, *(move.from_workspace_id for move in moves)}, WalletRow: ids, SubscriptionRow: ids}
    )


def _incoming(move: Move, rows: Rows, to: Account) -> IncomingMove:
    client, wallet = accounts.get_in(rows, move.account_id), rows.find(WalletRow, move.account_id)
    if wallet is None:
        raise WalletNotFound(move.account_id)
    return IncomingMove(
        move=move,
        client=client,
        balance_micros=wallet_of(wallet).balance_micros,
        from_workspace=accounts.get_in(rows, move.from_workspace_id),
        obstacles=find_obstacles(client, subscriptions.find_in(rows, move.account_id), to),
    )
