"""Which tax an account pays now: the catalog's, or for a client its workspace's, which sells to it."""

from chalicelib import clock
from chalicelib.accounts import taxes_table
from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax


def tax_of(account: Account, catalog: Catalog) -> Tax | None:
    """Return the tax of an account's country. For a client it takes a read of its workspace's taxes."""
    country = account.country or ""
    if account.workspace_id is None:
        return catalog.taxes.get(country)
    found = taxes_table.find(account.workspace_id).at(clock.now_ms())
    return found.taxes.get(country) if found else None
