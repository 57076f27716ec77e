"""The door to the table `rebilling`: what workspaces charge their clients, one row for each client or workspace."""

from collections.abc import Iterable
from typing import Final

import msgspec
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib.conflicts import conditional_write
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from chalicelib.tables import Table, TableMeta
from chalicelib.typed import convert


class RebillingRow(Table):
    """One row for each client with settings of its own, and for each workspace with defaults for its clients."""

    class Meta(metaclass=TableMeta):
        setting = "rebilling_table"

    account_id = UnicodeAttribute(hash_key=True)
    settings = JSONAttribute()
    version = NumberAttribute()
    changed_by = UnicodeAttribute(null=True)
    changed_in = UnicodeAttribute(null=True)  # the workspace that changed its client's settings


_FIELDS: Final = ("switches", "prices", "allowances_micros")


def find(account_id: str) -> Rebilling:
    """Read an account's settings, strongly consistent; without any, `NO_REBILLING`."""
    try:
        return rebilling_of(RebillingRow.get(account_id, consistent_read=True))
    except RebillingRow.DoesNotExist:
        return NO_REBILLING


def pays_itself(account_id: str, workspace_id: str | None, now_ms: int) -> bool:
    """Tell whether usage of now is charged to an account, as its access asks; a workspace costs no read."""
    return workspace_id is None or find(account_id).is_on(now_ms)


def find_many(account_ids: Iterable[str]) -> dict[str, Rebilling]:
    """Read the settings of several accounts, strongly consistent; accounts that have none are left out."""
    rows = RebillingRow.batch_get(set(account_ids), consistent_read=True)
    return {row.account_id: rebilling_of(row) for row in rows}


def write(
    account_id: str, rebilling: Rebilling, *, over: int, by: str | None = None, workspace_id: str | None = None
) -> bool:
    """Write an account's settings on condition that they still have the version `over`, which is 0 for none.

    `workspace_id` is the workspace that changes its client's. Returns False if a concurrent write came first.
    """
    row = row_of(account_id, rebilling, by, workspace_id)
    return conditional_write(row.save, condition=_has_version(over))


def add_new(transaction: TransactWrite, account_id: str, rebilling: Rebilling, *, by: str | None = None) -> None:
    """Add the settings of a new account to the transaction that creates it."""
    transaction.save(row_of(account_id, rebilling, by))


def add_change(
    transaction: TransactWrite, account_id: str, rebilling: Rebilling, *, over: int, by: str | None = None
) -> None:
    """Add an account's settings to a transaction, which fails if they no longer have the version `over`."""
    transaction.save(row_of(account_id, rebilling, by), condition=_has_version(over))


def _has_version(version: int) -> Condition:
    """Return the condition that settings have a version, which is 0 for none."""
    stored = RebillingRow.version
    condition: Condition = stored == version if version else stored.does_not_exist()
    return condition


def rebilling_of(row: RebillingRow) -> Rebilling:
    """Read the settings of a row."""
    return convert({**row.settings, "version": int(row.version)}, Rebilling)


def row_of(
    account_id: str, rebilling: Rebilling, by: str | None = None, workspace_id: str | None = None
) -> RebillingRow:
    """Return the row of an account's settings."""
    settings = {name: msgspec.to_builtins(getattr(rebilling, name)) for name in _FIELDS}
    return RebillingRow(
        account_id, settings=settings, version=rebilling.version, changed_by=by, changed_in=workspace_id
    )
