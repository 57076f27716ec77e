"""List the open requests to move clients to a workspace, with what it is to know of each client. Two calls a list."""

from typing import Final

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow, account_of
from chalicelib.ledger.table import WalletRow, wallet_of
from chalicelib.moves import table
from chalicelib.moves.move import Move, Obstacle, find_obstacles
from chalicelib.subscriptions.table import SubscriptionRow, subscription_of
from chalicelib.tables import read_together

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
    (found,) = _complete([table.get_incoming(to.account_id, client_id)], to)
    return found


def _complete(moves: list[Move], to: Account) -> list[IncomingMove]:
    """Read what else is shown of each request."""
    if not moves:
        return []
    ids = [each.account_id for each in moves]
    rows = read_together(
        {AccountRow: {*ids, *(each.from_workspace_id for each in moves)}, WalletRow: ids, SubscriptionRow: ids}
    )
    accounts = {row.account_id: account_of(row) for row in rows[AccountRow]}
    wallets = {row.account_id: wallet_of(row) for row in rows[WalletRow]}
    subscriptions = {row.account_id: subscription_of(row) for row in rows[SubscriptionRow]}
    return [
        IncomingMove(
            move=each,
            client=accounts[each.account_id],
            balance_micros=wallets[each.account_id].balance_micros,
            from_workspace=accounts[each.from_workspace_id],
            obstacles=find_obstacles(accounts[each.account_id], subscriptions.get(each.account_id), to),
        )
        for each in moves
    ]
