"""Load what is needed to price the usage of many accounts, and to post it the wallets that it changes, in few calls."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.accounts.account import Account, AccountNotFound
from chalicelib.accounts.table import AccountRow, account_of
from chalicelib.clock import Deadline
from chalicelib.ledger.table import WalletRow, wallet_of
from chalicelib.ledger.wallet import Wallet
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from chalicelib.pricing.table import RebillingRow, rebilling_of
from chalicelib.pricing.tariff import FormerTariff, Tariff
from chalicelib.tables import KEYS_A_CALL, RowsUnread, Table, read_together
from chalicelib.threads import in_threads

CALLS_AT_ONCE: Final = 16

OUT_OF_REACH: Final = (BotoCoreError, ClientError, RowsUnread)
"""Raised when DynamoDB does not answer a call."""

TableKey = tuple[type[Table], str]
"""A table, and the key of one of its rows."""

Rows = dict[TableKey, Any]
"""Rows by table and key: an exception for one that could not be read; none for one that does not exist."""

ValueT = TypeVar("ValueT")


class Tariffs(msgspec.Struct, frozen=True):
    """What was loaded, by account. `errors` are those of accounts that could not be loaded: each fails by itself."""

    tariffs: dict[str, Tariff] = {}
    wallets: dict[str, Wallet] = {}
    errors: dict[str, Exception] = {}

    def get(self, account_id: str) -> Tariff:
        """Return the tariff of an account that was to be loaded. Raises the error that it has instead."""
        if account_id in self.errors:
            raise self.errors[account_id]
        return self.tariffs[account_id]

    def raise_if_out_of_reach(self) -> None:
        """Raise the error of DynamoDB, if it could not be reached."""
        for error in self.errors.values():
            if isinstance(error, OUT_OF_REACH):
                raise error


def load_tariffs(account_ids: Iterable[str], deadline: Deadline, *, with_wallets: bool) -> Tariffs:
    """Load the tariffs of accounts; `with_wallets` also their wallets and those of their workspaces, former ones too.

    One call reads 50 accounts with their wallets, or 100 without; for clients, a second one reads what their workspaces
    have set. An account that does not exist has the error AccountNotFound. After the `deadline`, no call is made for
    what another one failed to read.
    """
    ids = sorted(set(account_ids))
    loaded = Tariffs()
    read_first = (AccountRow, WalletRow) if with_wallets else (AccountRow,)
    rows = _read_rows([(table, each) for each in ids for table in read_first], deadline)
    accounts = dict(_values(loaded, ids, lambda account_id: _account(rows, account_id)))
    clients = [each for each in accounts.values() if each.workspace_id]
    workspaces = {workspace_id for each in clients for workspace_id in _workspaces(each)}
    rows |= _read_rows(
        [(RebillingRow, each) for each in sorted({*workspaces, *(each.account_id for each in clients)})]
        + [(WalletRow, each) for each in sorted(workspaces - accounts.keys()) if with_wallets],
        deadline,
    )
    loaded.tariffs.update(_values(loaded, accounts, lambda account_id: _tariff(rows, accounts[account_id])))
    wallet_ids = [each for each in {*accounts, *workspaces} if (WalletRow, each) in rows]
    loaded.wallets.update(_values(loaded, wallet_ids, lambda account_id: wallet_of(_row(rows, WalletRow, account_id))))
    return loaded


def _account(rows: Rows, account_id: str) -> Account:
    row = _row(rows, AccountRow, account_id)
    if row is None:
        raise AccountNotFound(account_id)
    return account_of(row)


def _workspaces(client: Account) -> list[str]:
    """Return the workspaces that a client has and had."""
    return [str(client.workspace_id), *(each.workspace_id for each in client.former_workspaces)]


def _tariff(rows: Rows, account: Account) -> Tariff:
    if account.workspace_id is None:
        return Tariff(account.account_id, account.currency)
    return Tariff(
        account.account_id,
        account.currency,
        account.workspace_id,
        _rebilling(rows, account.account_id),
        _rebilling(rows, account.workspace_id),
        tuple(
            FormerTariff(each.workspace_id, each.charged_until_ms, _rebilling(rows, each.workspace_id))
            for each in account.former_workspaces
        ),
    )


def _rebilling(rows: Rows, account_id: str) -> Rebilling:
    row = _row(rows, RebillingRow, account_id)
    return rebilling_of(row) if row else NO_REBILLING


def _row(rows: Rows, table: type[Table], key: str) -> Any:
    """Return a row, or None if there is none. Raises the error with which it could not be read."""
    found = rows.get((table, key))
    if isinstance(found, Exception):
        raise found
    return found


def _values(
    loaded: Tariffs, account_ids: Iterable[str], value_of: Callable[[str], ValueT]
) -> Iterator[tuple[str, ValueT]]:
    """Yield each account with its value. One whose value cannot be made is left out, and its error is kept."""
    for account_id in account_ids:
        try:
            yield account_id, value_of(account_id)
        except Exception as error:  # noqa: BLE001 - kept by account; its usage is refused with it
            loaded.errors[account_id] = error


def _read_rows(keys: Sequence[TableKey], deadline: Deadline) -> Rows:
    """Read rows, 100 per call and several calls at once."""
    if not keys:
        return {}
    chunks = [keys[start : start + KEYS_A_CALL] for start in range(0, len(keys), KEYS_A_CALL)]
    rows: Rows = {}
    for found in in_threads(partial(_read_chunk, deadline=deadline), chunks, min(CALLS_AT_ONCE, len(chunks))):
        rows |= found
    return rows


def _read_chunk(keys: Sequence[TableKey], deadline: Deadline) -> Rows:
    """Read rows in one call. If it fails, it is halved until the rows that cannot be read are found."""
    by_table: dict[type[Table], list[str]] = {}
    for table, key in keys:
        by_table.setdefault(table, []).append(key)
    try:
        return _by_key(read_together(by_table))
    except Exception as error:  # noqa: BLE001 - of one row: found by halving, and kept with it
        if len(keys) == 1 or deadline.is_over:
            return dict.fromkeys(keys, error)
        middle = len(keys) // 2
        return _read_chunk(keys[:middle], deadline) | _read_chunk(keys[middle:], deadline)


def _by_key(found: Mapping[type[Table], Iterable[Any]]) -> Rows:
    return {(table, row.account_id): row for table, rows in found.items() for row in rows}
