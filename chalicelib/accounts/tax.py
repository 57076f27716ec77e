"""Which tax an account pays now: the catalog's, or for a client its workspace's, which sells to it."""

from chalicelib import clock
from chalicelib.accounts import taxes_table
from chalicelib.accounts.account import Account
from chalicelib.accounts.taxes import tax_for
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax


def tax_of(account: Account, catalog: Catalog) -> Tax | None:
    """Return the tax of an account's country. For a client it takes a read of its workspace's taxes."""
    of_workspace = taxes_table.find(account.workspace_id).at(clock.now_ms()) if account.workspace_id else None
    return tax_for(account, catalog, of_workspace)
