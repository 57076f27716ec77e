"""The door to the table `taxes`: one row for each workspace that has taxes of its own."""

from typing import Final

import msgspec
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.accounts.taxes import DatedTaxes, Taxes
from chalicelib.conflicts import conditional_write
from chalicelib.tables import Table, TableMeta
from chalicelib.typed import convert

NO_TAXES: Final = Taxes()


class TaxesRow(Table):
    """One row for each workspace."""

    class Meta(metaclass=TableMeta):
        setting = "taxes_table"

    account_id = UnicodeAttribute(hash_key=True)
    dated = JSONAttribute()
    version = NumberAttribute()


def find(account_id: str) -> Taxes:
    """Read a workspace's taxes, strongly consistent; none if none were ever set."""
    try:
        return taxes_of(TaxesRow.get(account_id, consistent_read=True))
    except TaxesRow.DoesNotExist:
        return NO_TAXES


def taxes_of(row: TaxesRow) -> Taxes:
    """Read the taxes of a row."""
    return Taxes(convert(row.dated, tuple[DatedTaxes, ...]), int(row.version))


def write(account_id: str, taxes: Taxes, *, over: int) -> bool:
    """Write a workspace's taxes over a version of them; False when a concurrent write came first."""
    row = TaxesRow(account_id, dated=msgspec.to_builtins(taxes.dated), version=taxes.version)
    version = TaxesRow.version
    return conditional_write(row.save, condition=version == over if over else version.does_not_exist())
