"""The door to the table `accounts`."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.accounts.account import Account, AccountNotFound, BillingDetails, FormerWorkspace
from chalicelib.conflicts import conditional_transaction, conditional_write
from chalicelib.ledger.table import add_new_wallet
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from chalicelib.pricing.table import add_new as add_new_rebilling
from chalicelib.readable import read_each, read_or
from chalicelib.tables import Rows, Table, TableMeta, query_items, read_rows, set_or_remove
from chalicelib.typed import convert


class ClientsIndex(GlobalSecondaryIndex["AccountRow"]):  # type: ignore[no-untyped-call]
    """The clients of a workspace."""

    class Meta:
        index_name = "clients"
        projection = AllProjection()

    workspace_id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute(range_key=True)


class AccountRow(Table):
    """One row for each account. `changed_by` is who made the last change that people make. Its stream reports each."""

    class Meta(metaclass=TableMeta):
        setting = "accounts_table"

    account_id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute()
    workspace_id = UnicodeAttribute(null=True)
    name = UnicodeAttribute()
    email = UnicodeAttribute()
    currency = UnicodeAttribute()
    locale = UnicodeAttribute()
    country = UnicodeAttribute(null=True)
    billing_details = JSONAttribute(null=True)
    created_at_ms = NumberAttribute()
    updated_at_ms = NumberAttribute()
    access_until_ms = NumberAttribute(null=True)
    version = NumberAttribute(null=True)
    standing = UnicodeAttribute(default="active")
    standing_reason = UnicodeAttribute(null=True)
    standing_actor = UnicodeAttribute(null=True)
    standing_changed_at_ms = NumberAttribute(null=True)
    former_workspaces = JSONAttribute(null=True)
    forgotten_at_ms = NumberAttribute(null=True)
    changed_by = UnicodeAttribute(null=True)
    clients = ClientsIndex()


def find(account_id: str) -> Account | None:
    """Read an account, strongly consistent; None when there is none."""
    try:
        return account_of(AccountRow.get(account_id, consistent_read=True))
    except AccountRow.DoesNotExist:
        return None


def find_in(rows: Rows, account_id: str) -> Account | None:
    """Find an account among rows that were read; None if it does not exist."""
    row = rows.find(AccountRow, account_id)
    return account_of(row) if row else None


def name_in(rows: Rows, account_id: str) -> str:
    """Return an account's name among rows that were read; its id if it does not exist or cannot be read."""
    found = read_or(
        lambda: find_in(rows, account_id), lambda: None, about={"account_id": account_id, "what": "account"}
    )
    return found.name if found else account_id


def find_many(account_ids: Iterable[str]) -> dict[str, Account]:
    """Read several accounts, strongly consistent; those that do not exist are left out."""
    return {row.account_id: account_of(row) for row in AccountRow.batch_get(list(account_ids), consistent_read=True)}


def find_readable(account_ids: Iterable[str]) -> dict[str, Account]:
    """Read up to 100 accounts, strongly consistent; those that do not exist or cannot be read are left out."""
    ids = list(account_ids)
    rows = read_rows({AccountRow: ids})
    found, _ = read_each(ids, lambda each: find_in(rows, each), what="account")
    return {account_id: account for account_id, account in found.items() if account}


def client_ids(workspace_id: str) -> Iterator[str]:
    """Yield the ids of a workspace's clients, in bounded reads. A client of a moment ago may be missing."""
    for row in AccountRow.clients.query(workspace_id, attributes_to_get=["account_id"]):
        yield row.account_id


def account_of(row: AccountRow) -> Account:
    """Read an account from its row."""
    return Account(
        account_id=row.account_id,
        kind=row.kind,  # type: ignore[arg-type]
        workspace_id=row.workspace_id,
        name=row.name,
        email=row.email,
        currency=row.currency,
        locale=row.locale,
        country=row.country,
        billing_details=convert(row.billing_details, BillingDetails) if row.billing_details else None,
        created_at_ms=int(row.created_at_ms),
        access_until_ms=int(row.access_until_ms) if row.access_until_ms else None,
        version=int(row.version or 0),
        standing=row.standing,  # type: ignore[arg-type]
        standing_reason=row.standing_reason,
        standing_actor=row.standing_actor,
        standing_changed_at_ms=int(row.standing_changed_at_ms) if row.standing_changed_at_ms else None,
        former_workspaces=convert(row.former_workspaces or [], tuple[FormerWorkspace, ...]),
        forgotten_at_ms=int(row.forgotten_at_ms) if row.forgotten_at_ms else None,
    )


def get(account_id: str) -> Account:
    """Read an account, strongly consistent. Raises AccountNotFound."""
    account = find(account_id)
    if account is None:
        raise AccountNotFound(account_id)
    return account


def get_in(rows: Rows, account_id: str) -> Account:
    """Find an account among rows that were read. Raises AccountNotFound."""
    account = find_in(rows, account_id)
    if account is None:
        raise AccountNotFound(account_id)
    return account


def get_again(account: Account) -> Account:
    """Read an account again, for a change that somebody was allowed to make.

    Raises AccountNotFound if the account has been moved to another workspace since: what its workspace allowed or
    decided is no longer valid.
    """
    current = get(account.account_id)
    if current.workspace_id != account.workspace_id:
        raise AccountNotFound(account.account_id)
    return current


def create(account: Account, rebilling: Rebilling = NO_REBILLING, *, by: str | None = None) -> bool:
    """Write a new account with its empty wallet and its settings of rebilling, all or none; tell whether it is.

    It is not if there is one with its id, or its workspace is archived.
    """
    return conditional_transaction(lambda transaction: add_new(transaction, account, rebilling, by=by))


def add_new(
    transaction: TransactWrite, account: Account, rebilling: Rebilling = NO_REBILLING, *, by: str | None = None
) -> None:
    """Add a new account with its wallet and its settings to a transaction, which fails where `create` does."""
    row = AccountRow(
        account.account_id,
        kind=account.kind,
        workspace_id=account.workspace_id,
        currency=account.currency,
        created_at_ms=account.created_at_ms,
        **_changeable(account, by),
    )
    transaction.save(row, condition=AccountRow.account_id.does_not_exist())
    add_new_wallet(transaction, account.account_id, account.currency)
    if account.workspace_id:
        add_not_archived(transaction, account.workspace_id)
    if rebilling != NO_REBILLING:
        add_new_rebilling(transaction, account.account_id, rebilling, by=by)


def change(account: Account, *, by: str | None = None) -> bool:
    """Write the changeable fields of an account that was read; write nothing and return False if it changed since."""
    return conditional_write(
        AccountRow(account.account_id).update, _change_actions(account, by), condition=_is_unchanged(account)
    )


def add_move(transaction: TransactWrite, moved: Account, *, by: str | None = None) -> None:
    """Add a client's new workspace to a transaction, which fails if the account has changed since it was read."""
    actions = _change_actions(moved, by, workspace_id=moved.workspace_id)
    transaction.update(AccountRow(moved.account_id), actions=actions, condition=_is_unchanged(moved))


def _change_actions(account: Account, by: str | None, **more: Any) -> list[Action]:
    changed = {**_changeable(account, by), **more, "version": account.version + 1}
    return [set_or_remove(getattr(AccountRow, name), value) for name, value in changed.items()]


def _is_unchanged(account: Account) -> Condition:
    version = AccountRow.version
    unchanged = version == account.version if account.version else version.does_not_exist()
    condition: Condition = AccountRow.account_id.exists() & unchanged
    return condition


def _changeable(account: Account, by: str | None) -> dict[str, Any]:
    details = account.billing_details
    return {
        "name": account.name,
        "email": account.email,
        "locale": account.locale,
        "country": account.country,
        "billing_details": msgspec.to_builtins(details) if details else None,
        "standing": account.standing,
        "standing_reason": account.standing_reason,
        "standing_actor": account.standing_actor,
        "standing_changed_at_ms": account.standing_changed_at_ms,
        "former_workspaces": msgspec.to_builtins(account.former_workspaces) or None,
        "forgotten_at_ms": account.forgotten_at_ms,
        "updated_at_ms": clock.now_ms(),
        "changed_by": by,
    }


def has_clients(workspace_id: str) -> bool:
    """Tell whether a workspace has clients that are not archived. One made in the last moment may be missed."""
    # No `limit`: DynamoDB applies it before the filter, so each call would look at one client.
    return any(AccountRow.clients.query(workspace_id, filter_condition=_not_archived()))


class FoundClients(msgspec.Struct, frozen=True):
    """Clients of a workspace, by id: the ids of all, and the accounts of those that can be read."""

    ids: list[str]
    accounts: dict[str, Account]


def clients_after(workspace_id: str, client_id: str | None, limit: int) -> FoundClients:
    """Read the clients of a workspace whose ids come after another, by id: at most `limit`, in one call."""
    after = ClientsIndex.account_id > client_id if client_id else None
    index_name = ClientsIndex.Meta.index_name
    items = query_items(AccountRow, workspace_id, after, index_name=index_name, limit=limit)
    found = {item["account_id"]["S"]: item for item in items}
    accounts, _ = read_each(found, lambda each: account_of(AccountRow.from_raw_data(found[each])), what="account")
    return FoundClients(list(found), accounts)


def add_not_archived(transaction: TransactWrite, account_id: str) -> None:
    """Let a transaction fail if an account is archived."""
    transaction.condition_check(AccountRow, account_id, condition=_not_archived())


def _not_archived() -> Condition:
    condition: Condition = AccountRow.standing.does_not_exist() | (AccountRow.standing != "archived")
    return condition


def add_access_until(
    transaction: TransactWrite, account_id: str, access_until_ms: int | None, *, unless_archived: bool = False
) -> None:
    """Add the time when access ends to a transaction, which fails if there is no such account; None reopens access.

    With `unless_archived` it also fails if the account is archived.
    """
    action = set_or_remove(AccountRow.access_until_ms, access_until_ms)
    condition = AccountRow.account_id.exists()
    condition = condition & _not_archived() if unless_archived else condition
    transaction.update(AccountRow(account_id), actions=[action], condition=condition)
