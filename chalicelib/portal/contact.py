"""Whom to ask about billing: the operator, or for a client its workspace. A client never learns who runs the system."""

import msgspec

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import Catalog
from chalicelib.notices.choice import billing_contact


class Contact(msgspec.Struct, frozen=True):
    """A seller's name, and its e-mail address if it has one."""

    name: str
    email: str | None


def contact_of(account: Account, catalog: Catalog) -> Contact:
    """Return whom an account asks."""
    if account.workspace_id is None:
        return Contact(catalog.seller.name, catalog.seller.email)
    workspace = accounts.get(account.workspace_id)
    return Contact(workspace.name, billing_contact(workspace))
