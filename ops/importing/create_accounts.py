"""Create the accounts of another system, or match those that exist. What exists is never changed."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace
from pynamodb.transactions import TransactWrite

from chalicelib import clock
from chalicelib.accounts import table
from chalicelib.accounts.account import Account, BillingDetailsRequest
from chalicelib.accounts.create_or_change import (
    AccountRequest,
    check_workspace,
    first_rebilling,
    new_account,
)
from chalicelib.accounts.table import AccountRow
from chalicelib.catalog.catalog import Catalog
from chalicelib.conflicts import conditional_transaction
from chalicelib.errors import Refusal
from chalicelib.ledger.table import WalletRow
from chalicelib.readable import read_each
from chalicelib.tables import read_rows
from chalicelib.token import Caller
from chalicelib.typed import convert, json_decoder
from ops.importing.record import DIVIDER, AccountRecord
from ops.importing.staging import RowResult, StagedRow

OPERATOR: Final = Caller("operator", subject="import")
AT_ONCE: Final = 25
"""New workspaces in one write: each takes two or three of a transaction's 100 items."""

READ_AT_ONCE: Final = 50
"""Accounts that are read in one call, each with its wallet."""

NewAccount = tuple[StagedRow, Account]


def create_accounts(rows: Sequence[StagedRow], *, catalog: Catalog, write: bool = True) -> list[RowResult]:
    """Create the accounts of a batch of rows. One that exists is matched, or refused if it is of another kind.

    Without `write`, only say which: then a client's workspace is not looked for, as it may be in the same file.
    """
    results: list[RowResult] = []
    new: list[NewAccount] = []
    for start in range(0, len(rows), READ_AT_ONCE):
        some = rows[start : start + READ_AT_ONCE]
        records = [json_decoder(AccountRecord).decode(row.record) for row in some]
        existing = find_existing([record.account_id for record in records])
        for row, record in zip(some, records, strict=True):
            try:
                account = account_of(record, catalog)
            except (Refusal, msgspec.ValidationError) as why:
                results.append(RowResult(row, "refused", str(why)))
                continue
            found = existing.get(account.account_id)
            if isinstance(found, str):
                results.append(RowResult(row, "refused", found))
            elif found:
                results.append(match(row, record, account, found))
            else:
                new.append((row, account))
    if not write:
        return results + [RowResult(row, "done") for row, _ in new]
    # Workspaces first: a client of the same file may be one of theirs.
    workspaces = [each for each in new if each[1].kind == "workspace"]
    for start in range(0, len(workspaces), AT_ONCE):
        results += _create_together(workspaces[start : start + AT_ONCE])
    return results + [_create_one(*each) for each in new if each[1].kind == "client"]


def find_existing(account_ids: Sequence[str]) -> Mapping[str, Account | str]:
    """Return accounts that exist by id, or why none can be created: it is there and unreadable, or it was lost."""
    stored = read_rows({AccountRow: account_ids, WalletRow: account_ids})
    found, unread = read_each(account_ids, partial(table.find_in, stored), what="account")
    lost = (each for each in account_ids if not found.get(each) and stored.has(WalletRow, each))
    return {
        **dict.fromkeys(lost, "it has a wallet, and its account is lost: restore that row"),
        **{account_id: account for account_id, account in found.items() if account},
        **dict.fromkeys(unread, "the account exists, and cannot be read"),
    }


def account_of(record: AccountRecord, catalog: Catalog) -> Account:
    """Return the account of a record. Raises Refusal, msgspec.ValidationError."""
    given = {
        name: getattr(record, name)
        for name in ("kind", "name", "email", "currency", "workspace_id", "locale", "country")
        if getattr(record, name) is not None
    }
    account = new_account(record.account_id, AccountRequest(**given, billing_details=_details_of(record)))
    catalog.limits(account.currency)
    created_at_ms = clock.parse_iso(record.created_at) if record.created_at else account.created_at_ms
    return replace(account, created_at_ms=created_at_ms)


def _details_of(record: AccountRecord) -> BillingDetailsRequest:
    """Return the billing details of a record. Raises msgspec.ValidationError for an address that is none."""
    given = {
        "name": record.billing_name,
        "address": [each.strip() for each in (record.billing_address or "").split(DIVIDER) if each.strip()],
        "tax_id": record.billing_tax_id,
        "email": record.billing_email,
        "country": record.billing_country,
    }
    return convert(given, BillingDetailsRequest)


def match(row: StagedRow, record: AccountRecord, account: Account, found: Account) -> RowResult:
    """Match a row with an account that exists, or refuse it: the fixed fields must be the same."""
    fixed = ["kind", "workspace_id", "currency", *(["created_at_ms"] if record.created_at else [])]
    for name in fixed:
        if getattr(found, name) != getattr(account, name):
            return RowResult(row, "refused", f"the account exists, and its {name} is {getattr(found, name)!r}")
    return RowResult(row, "before")


def _create_together(accounts: Sequence[NewAccount]) -> list[RowResult]:
    """Create workspaces in one write; if any of them cannot be created, each by itself."""

    def add_writes(transaction: TransactWrite) -> None:
        for _, account in accounts:
            table.add_new(transaction, account, by=OPERATOR.actor_on(account.account_id))

    if conditional_transaction(add_writes):
        return [RowResult(row, "done") for row, _ in accounts]
    return [_create_one(*each) for each in accounts]


def _create_one(row: StagedRow, account: Account) -> RowResult:
    try:
        check_workspace(account, table.find(account.workspace_id) if account.workspace_id else None)
    except Refusal as why:
        return RowResult(row, "refused", str(why))
    if table.create(account, first_rebilling(account, OPERATOR), by=OPERATOR.actor_on(account.account_id)):
        return RowResult(row, "done")
    return RowResult(row, "refused", "it was created by somebody else just now: run the import again")
