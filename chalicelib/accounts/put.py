"""Create an account, or change what may change of it."""

from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts import table
from chalicelib.accounts.account import (
    Account,
    AccountImmutable,
    AccountNotFound,
    BillingDetailsRequest,
    ClientIdInvalid,
    Kind,
    WorkspaceInvalid,
)
from chalicelib.accounts.allow import Forbidden, Right, can_see, may
from chalicelib.catalog.catalog import Catalog
from chalicelib.money import Currency
from chalicelib.text import AccountId, Country, Email, Line, Locale
from chalicelib.token import Caller

DEFAULT_LOCALE: Final = "en"


class AccountRequest(msgspec.Struct, forbid_unknown_fields=True):
    """An account as it shall be. Optional fields left out are cleared; kind, workspace and currency never change."""

    kind: Kind
    name: Line
    email: Email
    currency: Currency
    workspace_id: AccountId | None = None
    locale: Locale | None = None
    country: Country | None = None
    billing_details: BillingDetailsRequest | None = None


def put(caller: Caller, account_id: str, request: AccountRequest, catalog: Catalog) -> tuple[Account, bool]:
    """Create or change an account; return it and whether it is new.

    The operator may do it, and a workspace's owner for its clients. Raises AccountNotFound for a stranger, Forbidden,
    ClientIdInvalid, WorkspaceInvalid, UnknownCurrency, AccountImmutable.
    """
    current = table.find(account_id)
    check_may_put(caller, account_id, current, request)
    account = Account(
        account_id=account_id,
        kind=request.kind,
        workspace_id=request.workspace_id,
        name=request.name,
        email=request.email,
        currency=request.currency,
        locale=request.locale or DEFAULT_LOCALE,
        country=request.country,
        billing_details=request.billing_details.details() if request.billing_details else None,
        created_at_ms=current.created_at_ms if current else clock.now_ms(),
    )
    if current is None:
        catalog.limits(request.currency)
        check_workspace(account, table.find(request.workspace_id) if request.workspace_id else None)
        if table.create(account):
            return account, True
        current = table.get(account_id)
    check_unchanged(current, account)
    table.change(account)
    return msgspec.structs.replace(account, stripe_customer_id=current.stripe_customer_id, card=current.card), False


def check_may_put(caller: Caller, account_id: str, current: Account | None, request: AccountRequest) -> None:
    """Check that the caller may write this account. Raises AccountNotFound, Forbidden, ClientIdInvalid."""
    if may(caller, Right.OPERATE):
        return
    visible = current if current and can_see(caller, current) else None
    workspace_id = visible.workspace_id if visible else request.workspace_id
    if not caller.is_of_the_platform and caller.account_id not in {workspace_id, account_id}:
        raise AccountNotFound(account_id)
    if not may(caller, Right.ACT) or caller.account_id is None or workspace_id != caller.account_id:
        raise Forbidden("an account is written by the operator, or for a client by its workspace's owner")
    # Before the id is known to be another's: both answers alike tell nothing of other accounts.
    if visible is None and not is_client_id(account_id, caller.account_id):
        raise ClientIdInvalid(caller.account_id)
    if visible is not current:
        raise AccountNotFound(account_id)


def is_client_id(account_id: str, workspace_id: str) -> bool:
    """Tell whether an id is a workspace's own to give, so that no two parties can want the same one."""
    below, dot, name = account_id.rpartition(".")
    return bool(dot and name) and below == workspace_id


def check_workspace(account: Account, workspace: Account | None) -> None:
    """Check that a client has a workspace of its own currency, and a workspace none. Raises WorkspaceInvalid."""
    if account.kind == "workspace":
        if account.workspace_id is not None:
            raise WorkspaceInvalid("a workspace has no workspace_id; only a client has one")
        return
    if workspace is None or workspace.kind != "workspace":
        raise WorkspaceInvalid("a client needs the workspace_id of a workspace that exists")
    if workspace.currency != account.currency:
        raise WorkspaceInvalid(f"the workspace's currency is {workspace.currency!r}; a client's must be the same")


def check_unchanged(current: Account, wanted: Account) -> None:
    """Check that what is fixed stays. Raises AccountImmutable."""
    for field in ("kind", "workspace_id", "currency"):
        if getattr(current, field) != getattr(wanted, field):
            raise AccountImmutable(field, getattr(current, field))
