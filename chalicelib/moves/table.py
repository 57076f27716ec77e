"""The door to the table `moves`: the latest request to move each client."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.conflicts import conditional_transaction, conditional_write
from chalicelib.due import shard_of
from chalicelib.due_index import DueIndex
from chalicelib.moves.move import Move
from chalicelib.moves.refusals import MoveNotFound
from chalicelib.pricing import table as pricing
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.subscriptions import table as subscriptions
from chalicelib.tables import Table, TableMeta
from chalicelib.typed import convert

SETTLE_AFTER_MS: Final = 60 * 1000
"""How long after a move its settlement is due, if the request that accepted it did not post it."""


class IncomingIndex(GlobalSecondaryIndex["MoveRow"]):  # type: ignore[no-untyped-call]
    """Requests that were not answered, by the workspace to which the client is to go and by when they expire."""

    class Meta:
        index_name = "incoming"
        projection = AllProjection()

    incoming_id = UnicodeAttribute(hash_key=True)
    expires_at_ms = NumberAttribute(range_key=True)


class UnsettledIndex(DueIndex["MoveRow"]):
    """Moves whose settlement may not be posted yet. The index holds only their keys."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True, attr_name="due_shard")
    time = NumberAttribute(range_key=True, attr_name="due_at_ms")


class MoveRow(Table):
    """One row for each client that was ever to be moved."""

    class Meta(metaclass=TableMeta):
        setting = "moves_table"

    account_id = UnicodeAttribute(hash_key=True)
    from_workspace_id = UnicodeAttribute()
    to_workspace_id = UnicodeAttribute()
    balance = UnicodeAttribute()
    asked_by = UnicodeAttribute()
    asked_at_ms = NumberAttribute()
    expires_at_ms = NumberAttribute()
    state = UnicodeAttribute()
    answered_by = UnicodeAttribute(null=True)
    answered_at_ms = NumberAttribute()
    charged_from_ms = NumberAttribute()
    settle_micros = NumberAttribute()
    is_settled = BooleanAttribute()
    version = NumberAttribute()
    incoming_id = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at_ms = NumberAttribute(null=True)
    incoming = IncomingIndex()
    unsettled = UnsettledIndex()


def find(account_id: str) -> Move | None:
    """Read the latest request to move a client, strongly consistent; None if there was none."""
    try:
        return move_of(MoveRow.get(account_id, consistent_read=True))
    except MoveRow.DoesNotExist:
        return None


def get(account_id: str) -> Move:
    """Read the latest request to move a client. Raises MoveNotFound."""
    move = find(account_id)
    if move is None:
        raise MoveNotFound(account_id)
    return move


def get_incoming(workspace_id: str, client_id: str) -> Move:
    """Read the latest request to move a client, if it asks a workspace; else raise MoveNotFound."""
    move = get(client_id)
    if move.to_workspace_id != workspace_id:
        raise MoveNotFound(client_id)
    return move


def incoming(workspace_id: str, after_ms: int, limit: int) -> list[Move]:
    """Read requests to a workspace that are not answered and expire after a time, at most `limit`, in that order."""
    expire_later = MoveRow.expires_at_ms > after_ms
    return [move_of(row) for row in MoveRow.incoming.query(workspace_id, expire_later, limit=limit, page_size=limit)]


def move_of(row: MoveRow) -> Move:
    """Read the move of a row."""
    return convert({name: value for name, value in row.values().items() if value is not None}, Move)


def write(move: Move, *, over: Move | None) -> bool:
    """Write a move, unless it has changed since `over` was read; None is for a client without any."""
    return conditional_write(_row_of(move).save, condition=_is_unchanged(over))


def accept(move: Move, client: Account, rebilling: Rebilling, *, over: Move) -> bool:
    """Write an accepted move with the client and its settings as they are after it, all or none.

    False if any of them has changed since it was read, the client has a subscription, or its new workspace is archived.
    """

    def add_writes(transaction: TransactWrite) -> None:
        transaction.save(_row_of(move), condition=_is_unchanged(over))
        accounts.add_move(transaction, client, by=move.answered_by)
        pricing.add_change(transaction, client.account_id, rebilling, over=rebilling.version - 1, by=move.answered_by)
        subscriptions.add_none_running(transaction, client.account_id)
        accounts.add_not_archived(transaction, move.to_workspace_id)

    return conditional_transaction(add_writes)


def _is_unchanged(over: Move | None) -> Condition:
    condition: Condition = MoveRow.version == over.version if over else MoveRow.account_id.does_not_exist()
    return condition


def _row_of(move: Move) -> MoveRow:
    fields: dict[str, Any] = msgspec.structs.asdict(move)
    if move.state == "requested":
        fields["incoming_id"] = move.to_workspace_id
    if move.waits_for_settlement:
        due_at_ms = move.answered_at_ms + SETTLE_AFTER_MS
        fields.update(due_shard=shard_of(move.account_id), due_at_ms=due_at_ms)
    return MoveRow(**fields)


def due(now_ms: int, limit: int) -> Iterator[tuple[str, int]]:
    """Yield client and due time of the moves whose settlement is due by now, at most `limit` a shard."""
    for row in MoveRow.unsettled.due_by(now_ms, limit=limit):
        yield row.account_id, int(row.due_at_ms)


def claim(account_id: str, due_at_ms: int, *, again_at_ms: int) -> bool:
    """Put off a settlement that is due; False if another function posts it."""
    return MoveRow.unsettled.claim(account_id, due_at=due_at_ms, again_at=again_at_ms)
