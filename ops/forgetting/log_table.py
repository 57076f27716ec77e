"""The entries of logs that say something about an account's people: its own, its workspaces', and its clients'.

One that cannot be read keeps back no other. It loses all that may be about people: its changes, and who made them; of a
client's log, only the name of the workspace's person.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import msgspec
from pynamodb.expressions.update import Action

from chalicelib.accounts.account import FormerWorkspace
from chalicelib.accounts.actor import is_of_workspace
from chalicelib.accounts.table import AccountRow
from chalicelib.activity.entry import Entry
from chalicelib.activity.table import LogRow
from chalicelib.readable import read_or
from chalicelib.tables import Item, query_items
from chalicelib.typed import convert
from ops.forgetting.log_entries import (
    SOMEBODY,
    SOMEBODY_OF_WORKSPACE,
    Period,
    is_within,
    periods_under,
    without_own_people,
    without_people,
    without_workspace_people,
)
from ops.forgetting.unread_row import clear, key_row

EMPTY: Final = {"S": "[]"}
"""How DynamoDB has no changes."""


class FoundEntry(msgspec.Struct, frozen=True):
    """A row of a log, with what is left of its changes and of who made them; what is None stays as it is."""

    row: LogRow
    changes: Any
    actor: str | None


class UnreadClient(msgspec.Struct, frozen=True):
    """An account that may be or have been a client: whether its log is to be looked through cannot be read."""

    account_id: str


class NotLookedThrough(Exception):
    """The log of an account was left as it is."""


Found = FoundEntry | UnreadClient


def find_entries(account_id: str) -> Iterator[Found]:
    """Yield the entries that still say something about an account's people, in all logs."""
    account = AccountRow.get(account_id, consistent_read=True)
    for item in query_items(LogRow, account_id):
        yield from _found(item, without_own_people, _emptied)
    for workspace_id in {each.workspace_id for each in _former(account)} | {account.workspace_id} - {None}:
        for item in query_items(LogRow, workspace_id):
            if _text(item, "client_id") == account_id:
                yield from _found(item, without_people, _emptied)
    if account.kind == "workspace":
        yield from _in_logs_of_clients(account_id)


def clear_entry(found: Found) -> None:
    """Leave of an entry what is to be left. Raises NotLookedThrough, RowBusy."""
    if isinstance(found, UnreadClient):
        raise NotLookedThrough(f"the account {found.account_id} cannot be read: its log may name people; mend it first")
    actions: list[Action] = [] if found.changes is None else [LogRow.changes.set(found.changes)]
    if found.actor:
        actions.append(LogRow.actor.set(found.actor))
    clear(found.row, actions)


def _found(
    item: Item, rule: Callable[[Entry], Entry], unreadable: Callable[[LogRow, Item], Iterator[FoundEntry]]
) -> Iterator[FoundEntry]:
    """Yield the row of an item, unless all of its entry is left; `unreadable` does that for what cannot be read."""
    row = key_row(LogRow, item)
    entry = read_or(
        lambda: convert(LogRow.from_raw_data(item).values(), Entry),
        lambda: None,
        about={"account_id": str(row.account_id), "what": str(row.entry_id)},
    )
    if entry is None:
        yield from unreadable(row, item)
    elif (left := rule(entry)) != entry:
        yield FoundEntry(row, msgspec.to_builtins(left.changes), left.actor)


def _emptied(row: LogRow, item: Item) -> Iterator[FoundEntry]:
    if item.get("changes") != EMPTY or item.get("actor") not in (None, {"S": SOMEBODY}):
        yield FoundEntry(row, [], SOMEBODY)


def _without_name(row: LogRow, item: Item) -> Iterator[FoundEntry]:
    actor = _text(item, "actor")
    if actor != SOMEBODY_OF_WORKSPACE and is_of_workspace(actor):
        yield FoundEntry(row, None, SOMEBODY_OF_WORKSPACE)


def _in_logs_of_clients(workspace_id: str) -> Iterator[Found]:
    """Yield what is in the logs of a workspace's clients from when they were that, or from a time that is not known."""
    for client_id, periods in _clients_of(workspace_id):
        if periods is None:
            yield UnreadClient(client_id)
            continue
        for item in query_items(LogRow, client_id):
            at_ms = item.get("at_ms", {}).get("N")
            if at_ms is None or is_within(int(at_ms), periods):
                yield from _found(item, without_workspace_people, _without_name)


def _text(item: Item, name: str) -> str:
    return str(item.get(name, {}).get("S", ""))


def _clients_of(workspace_id: str) -> Iterator[tuple[str, list[Period] | None]]:
    """Yield each client that belongs to a workspace or did, and when; None if that cannot be read.

    Scans the accounts for those that were moved.
    """
    moved = AccountRow.scan(AccountRow.former_workspaces.exists(), attributes_to_get=["account_id"])
    current = AccountRow.clients.query(workspace_id, attributes_to_get=["account_id"])
    for client_id in sorted({row.account_id for row in (*moved, *current)}):
        periods = read_or(
            partial(_periods_of, client_id, workspace_id),
            lambda: None,
            about={"account_id": client_id, "what": "former workspaces"},
        )
        if periods is None or periods:
            yield client_id, periods


def _periods_of(client_id: str, workspace_id: str) -> list[Period]:
    names = ["workspace_id", "former_workspaces"]
    row = AccountRow.get(client_id, consistent_read=True, attributes_to_get=names)
    return list(periods_under(workspace_id, row.workspace_id, _former(row)))


def _former(account: AccountRow) -> list[FormerWorkspace]:
    return convert(account.former_workspaces or [], list[FormerWorkspace])
