"""The door to the table `connections`: each workspace's connection, and which workspace a Stripe account belongs to.

Rows of three kinds: a workspace's, under its id; a Stripe account's, under `stripe#acct_...`, which names the workspace
while it is connected; and a used state's, under `state#...`. No account's id contains a `#`.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow, name_in
from chalicelib.backoff import attempts
from chalicelib.conflicts import conditional_transaction, conditional_write
from chalicelib.connection.connection import UNREADABLE, AccountFacts, Connection, PaysOn, Unconnected, pays_on
from chalicelib.connection.link_state import LinkState
from chalicelib.connection.refusals import ConnectionBusy
from chalicelib.readable import read_each
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from chalicelib.tables import NO_KEYS, Keys, Rows, Table, TableMeta, image_reader, read_rows
from chalicelib.typed import convert

STRIPE: Final = "stripe#"
USED_STATE: Final = "state#"
KEPT_MS: Final = 24 * 60 * 60 * 1000
"""How long a used state is kept after it has expired."""

MOST_FORMER: Final = 10
"""How many workspaces that a client was moved away from are remembered for its cards."""

ATTEMPTS: Final = 8
"""More than there are writers of one connection at once: a person, a page that Stripe leads to, a few webhooks."""

Rule = Callable[[Connection], Connection]


class ConnectionRow(Table):
    """One row a workspace, one a Stripe account, one a used state; see above. Its stream reports every change."""

    class Meta(metaclass=TableMeta):
        setting = "connections_table"

    account_id = UnicodeAttribute(hash_key=True)
    workspace_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    stripe_account_id = UnicodeAttribute(null=True)
    way = UnicodeAttribute(null=True)
    livemode = BooleanAttribute(null=True)
    platform_id = UnicodeAttribute(null=True)
    facts = JSONAttribute(null=True)
    facts_at_ms = NumberAttribute(null=True)
    connected_at_ms = NumberAttribute(null=True)
    connected_by = UnicodeAttribute(null=True)
    disconnected_at_ms = NumberAttribute(null=True)
    disconnected_by = UnicodeAttribute(null=True)
    access_revoked = BooleanAttribute(null=True)
    earlier = JSONAttribute(null=True)
    version = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def connection_of(account: Account) -> PaysOn:
    """Return the Stripe account that an account pays on from now on.

    A workspace pays on the platform's own, which takes no read. For a client, its workspace and the connections, also
    of the workspaces that it was moved away from last, are read in one call and strongly consistent.
    """
    return pays_on_in(read_rows(pays_on_keys(account)), account)


def pays_on_keys(account: Account) -> Keys:
    """Return the rows that say on which Stripe account an account pays; none for a workspace."""
    if account.workspace_id is None:
        return NO_KEYS
    return {ConnectionRow: _connected_workspaces(account, account.workspace_id), AccountRow: [account.workspace_id]}


def pays_on_in(rows: Rows, account: Account) -> PaysOn:
    """Return the Stripe account that an account pays on, by the rows of `pays_on_keys`."""
    if account.workspace_id is None:
        return PaysOn(PLATFORM)
    own, *former = (find_in(rows, each) for each in _connected_workspaces(account, account.workspace_id))
    workspace = rows.find(AccountRow, account.workspace_id)
    return pays_on(own, workspace.name if workspace else account.workspace_id, former)


def pays_on_to_show(rows: Rows, account: Account) -> PaysOn:
    """Return the Stripe account that an account pays on, by the rows of `pays_on_keys`, for what is shown.

    If its workspace's connection cannot be read, the account cannot pay. What charges uses `pays_on_in`, which raises.
    """
    if account.workspace_id is None:
        return PaysOn(PLATFORM)
    workspace_id, *former = _connected_workspaces(account, account.workspace_id)
    name = name_in(rows, workspace_id)
    found, _ = read_each([workspace_id, *former], lambda each: find_in(rows, each), what="connection")
    if workspace_id not in found:
        return PaysOn(None, Unconnected(workspace_id, name, UNREADABLE, cards_unknown=True))
    own = found.pop(workspace_id)
    return pays_on(own, name, found.values())


def _connected_workspaces(account: Account, workspace_id: str) -> list[str]:
    """Return a client's workspace and those that it was moved away from last."""
    latest = reversed(account.former_workspaces[-MOST_FORMER:])
    return list(dict.fromkeys([workspace_id, *(each.workspace_id for each in latest)]))


def find_in(rows: Rows, workspace_id: str) -> Connection:
    """Find a workspace's connection among rows that were read; its state is `none` if there never was one."""
    row = rows.find(ConnectionRow, workspace_id)
    return connection_in(row) if row else Connection(workspace_id=workspace_id)


def find(workspace_id: str) -> Connection:
    """Read a workspace's connection, strongly consistent; its state is `none` if there never was one."""
    row = _find(workspace_id)
    return connection_in(row) if row else Connection(workspace_id=workspace_id)


def find_workspace(stripe_account_id: str) -> str | None:
    """Return the workspace that a Stripe account is connected to, strongly consistent; None if to none."""
    row = _find(STRIPE + stripe_account_id)
    return row.workspace_id if row else None


def connected_stripe_accounts() -> list[StripeAccount]:
    """Return all Stripe accounts that are connected now. Scans the table."""
    is_connected = ConnectionRow.workspace_id.exists() & ConnectionRow.account_id.startswith(STRIPE)
    rows = ConnectionRow.scan(is_connected, consistent_read=True, attributes_to_get=["account_id"])
    return [StripeAccount(row.account_id.removeprefix(STRIPE)) for row in rows]


def is_disconnected(stripe_account_id: str | None) -> bool:
    """Tell whether a connected account is no workspace's any more; never true of the platform's own."""
    return stripe_account_id is not None and find_workspace(stripe_account_id) is None


def _find(key: str) -> ConnectionRow | None:
    try:
        return ConnectionRow.get(key, consistent_read=True)
    except ConnectionRow.DoesNotExist:
        return None


def write(connection: Connection, over: Connection) -> bool:
    """Write a connection, and to whom its Stripe account belongs, both or neither.

    False if a concurrent write came first, or the Stripe account belongs to another workspace.
    """
    written = msgspec.structs.replace(connection, version=over.version + 1)
    unchanged = ConnectionRow.version == over.version if over.version else ConnectionRow.version.does_not_exist()

    def add_writes(transaction: TransactWrite) -> None:
        transaction.save(_row_of(written), condition=unchanged)
        before, after = (each.stripe_account_id if each.is_connected else None for each in (over, connection))
        if after:
            _add_claim(transaction, after, connection.workspace_id)
        if before and before != after:
            _add_release(transaction, before, connection.workspace_id)

    return conditional_transaction(add_writes)


def change(workspace_id: str, rule: Rule) -> Connection:
    """Apply a rule to a workspace's connection as it is now, and write what it changes; return it as it then is.

    Raises ConnectionBusy.
    """
    for _ in attempts(ATTEMPTS):
        current = find(workspace_id)
        wanted = rule(current)
        if wanted == current:
            return current
        if write(wanted, over=current):
            return msgspec.structs.replace(wanted, version=current.version + 1)
    raise ConnectionBusy(workspace_id=workspace_id)


def _add_claim(transaction: TransactWrite, stripe_account_id: str, workspace_id: str) -> None:
    is_free = ConnectionRow.workspace_id.does_not_exist() | (ConnectionRow.workspace_id == workspace_id)
    row = ConnectionRow(STRIPE + stripe_account_id)
    transaction.update(row, [ConnectionRow.workspace_id.set(workspace_id)], condition=is_free)


def _add_release(transaction: TransactWrite, stripe_account_id: str, workspace_id: str) -> None:
    row = ConnectionRow(STRIPE + stripe_account_id)
    transaction.update(row, [ConnectionRow.workspace_id.remove()], condition=ConnectionRow.workspace_id == workspace_id)


def use_state(state: LinkState) -> bool:
    """Note that a state is used; False if it was used before."""
    expires_at = (max(state.expires_at_ms, clock.now_ms()) + KEPT_MS) // 1000
    row = ConnectionRow(USED_STATE + state.id, workspace_id=state.workspace_id, expires_at=expires_at)
    return conditional_write(row.save, condition=ConnectionRow.account_id.does_not_exist())


def _row_of(connection: Connection) -> ConnectionRow:
    values: dict[str, Any] = msgspec.to_builtins(connection)
    return ConnectionRow(connection.workspace_id, **values)


def connection_in(row: ConnectionRow) -> Connection:
    """Return what a workspace's row says. Raises msgspec.ValidationError."""
    values = row.values()
    facts = convert(row.facts, AccountFacts) if row.facts else None
    return convert({**values, "facts": facts, "earlier": row.earlier or ()}, Connection)


def is_workspace_key(key: str) -> bool:
    """Tell whether a row is a workspace's connection, by its key."""
    return "#" not in key


read_image: Final = image_reader(ConnectionRow, lambda row: connection_in(row) if row.version else None)
"""Reads a workspace's connection; None for the other rows of the table."""
