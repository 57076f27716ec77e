"""Which of the catalog's taxes an account pays. Pure."""

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax


def tax_of(account: Account, catalog: Catalog) -> Tax | None:
    """Return the tax of an account's country; None for a client: its workspace sells to it, not the operator."""
    return None if account.kind == "client" else catalog.taxes.get(account.country or "")
