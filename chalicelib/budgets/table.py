"""The door to the table `budgets`: all budgets of an account are one row."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.budgets.budget import Budgets
from chalicelib.conflicts import conditional_write
from chalicelib.readable import read_or
from chalicelib.tables import Rows, Table, TableMeta, image_reader
from chalicelib.typed import convert


class BudgetsRow(Table):
    """One row per account. Its stream reports the thresholds that are to be told."""

    class Meta(metaclass=TableMeta):
        setting = "budgets_table"

    account_id = UnicodeAttribute(hash_key=True)
    budgets: Any = JSONAttribute()
    version = NumberAttribute()
    changed_by = UnicodeAttribute(null=True)


def find(account_id: str) -> Budgets:
    """Read an account's budgets, strongly consistent."""
    try:
        return budgets_of(BudgetsRow.get(account_id, consistent_read=True))
    except BudgetsRow.DoesNotExist:
        return Budgets(account_id)


def find_in(rows: Rows, account_id: str) -> Budgets:
    """Find an account's budgets among rows that were read."""
    row = rows.find(BudgetsRow, account_id)
    return budgets_of(row) if row else Budgets(account_id)


def find_to_go_on(rows: Rows, account_id: str) -> Budgets:
    """Find an account's budgets among rows that were read; none if they cannot be read: then they close nothing."""
    about = {"account_id": account_id, "what": "budgets"}
    return read_or(lambda: find_in(rows, account_id), lambda: Budgets(account_id), about=about)


def find_many(account_ids: Iterable[str]) -> dict[str, Budgets]:
    """Read the budgets of several accounts, strongly consistent; accounts that never had any are left out."""
    rows = BudgetsRow.batch_get(set(account_ids), consistent_read=True)
    return {row.account_id: budgets_of(row) for row in rows}


def write(budgets: Budgets, *, over: int, by: str | None = None) -> bool:
    """Write an account's budgets over a version, which is 0 for none; False if a concurrent write came first."""
    unchanged = BudgetsRow.version == over if over else BudgetsRow.account_id.does_not_exist()
    return conditional_write(_row_of(budgets, by).save, condition=unchanged)


def _row_of(budgets: Budgets, by: str | None) -> BudgetsRow:
    stored = msgspec.to_builtins(list(budgets.budgets))
    return BudgetsRow(budgets.account_id, budgets=stored, version=budgets.version, changed_by=by)


def budgets_of(row: BudgetsRow) -> Budgets:
    """Return the budgets of a row. Raises msgspec.ValidationError."""
    return convert(row.values(), Budgets)


read_image: Final = image_reader(BudgetsRow, budgets_of)
