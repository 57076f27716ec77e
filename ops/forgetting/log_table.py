"""The entries of logs that say something about an account's people: its own, its workspaces', and its clients'."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from pynamodb.expressions.update import Action

from chalicelib.accounts.account import FormerWorkspace
from chalicelib.accounts.table import AccountRow
from chalicelib.activity.entry import Entry
from chalicelib.activity.table import LogRow
from chalicelib.readable import read_or
from chalicelib.tables import query_items
from chalicelib.typed import convert
from ops.forgetting.log_entries import (
    SOMEBODY,
    Period,
    is_within,
    periods_under,
    without_own_people,
    without_people,
    without_workspace_people,
)


class FoundEntry(msgspec.Struct, frozen=True):
    """A row of a log, with what is left of its changes and of who made them."""

    row: LogRow
    changes: Any
    actor: str | None


def find_entries(account_id: str) -> Iterator[FoundEntry]:
    """Yield the entries that still say something about an account's people, in all logs."""
    account = AccountRow.get(account_id, consistent_read=True)
    for row in _rows(account_id):
        yield from _found(row, without_own_people)
    for workspace_id in {each.workspace_id for each in _former(account)} | {account.workspace_id} - {None}:
        for row in _rows(workspace_id):
            if row.client_id == account_id:
                yield from _found(row, without_people)
    if account.kind == "workspace":
        for row in _rows_of_clients(account_id):
            yield from _found(row, without_workspace_people, empties_unreadable=False)


def clear_entry(found: FoundEntry) -> None:
    """Leave of an entry what is to be left."""
    actions: list[Action] = [LogRow.changes.set(found.changes)]
    if found.actor:
        actions.append(LogRow.actor.set(found.actor))
    found.row.update(actions, condition=LogRow.account_id.exists())


def _rows(account_id: str) -> Iterator[LogRow]:
    return map(LogRow.from_raw_data, query_items(LogRow, account_id))


def _found(row: LogRow, rule: Callable[[Entry], Entry], *, empties_unreadable: bool = True) -> Iterator[FoundEntry]:
    """Yield a row, unless all of its entry is left. One that cannot be read is to lose all of its values."""
    entry = read_or(
        lambda: convert(row.values(), Entry),
        lambda: None,
        about={"account_id": row.account_id, "what": row.entry_id},
    )
    if entry is not None and (left := rule(entry)) != entry:
        yield FoundEntry(row, msgspec.to_builtins(left.changes), left.actor)
    if entry is None and empties_unreadable and row.changes:
        yield FoundEntry(row, [], SOMEBODY)


def _rows_of_clients(workspace_id: str) -> Iterator[LogRow]:
    """Yield what is in the logs of a workspace's clients from the time at which they were that."""
    for client_id, periods in _clients_of(workspace_id):
        yield from (row for row in _rows(client_id) if is_within(int(row.at_ms), periods))


def _clients_of(workspace_id: str) -> Iterator[tuple[str, list[Period]]]:
    """Yield each client that belongs to a workspace or did, and when. Scans the accounts for those that were moved."""
    names = ["account_id", "workspace_id", "former_workspaces"]
    was_moved = AccountRow.former_workspaces.exists()
    clients = {row.account_id: row for row in AccountRow.scan(was_moved, attributes_to_get=names)}
    clients |= {row.account_id: row for row in AccountRow.clients.query(workspace_id)}
    for client_id, row in clients.items():
        if periods := list(periods_under(workspace_id, row.workspace_id, _former(row))):
            yield client_id, periods


def _former(account: AccountRow) -> list[FormerWorkspace]:
    return convert(account.former_workspaces or [], list[FormerWorkspace])
