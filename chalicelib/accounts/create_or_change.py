"""Create an account, or change the fields that may change."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table
from chalicelib.accounts.account import (
    Account,
    AccountBusy,
    AccountImmutable,
    AccountNotFound,
    BillingDetailsRequest,
    ClientIdInvalid,
    Kind,
    WorkspaceInvalid,
    check_not_archived,
    check_not_forgotten,
)
from chalicelib.accounts.permission import Forbidden, Right, can_see, may
from chalicelib.backoff import attempts
from chalicelib.catalog.catalog import Catalog
from chalicelib.http_input import InvalidRequest
from chalicelib.money import Currency
from chalicelib.pricing import table as rebilling_table
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling, new_client
from chalicelib.text import AccountId, Country, Email, Line, Locale
from chalicelib.token import Caller
from chalicelib.typed import sent_fields

DEFAULT_LOCALE: Final = "en"
NEEDED: Final = ("kind", "name", "email", "currency")
"""Fields that a new account needs."""

ATTEMPTS: Final = 8
"""How many times a change is attempted when concurrent writes conflict with it."""


class AccountRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A new account, or a change of one. Omitted fields stay unchanged; null clears a field.

    A new account needs `kind`, `name`, `email` and `currency`. Kind, workspace and currency never change here.
    """

    kind: Kind | UnsetType = UNSET
    name: Line | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    workspace_id: AccountId | UnsetType | None = UNSET
    locale: Locale | UnsetType | None = UNSET
    country: Country | UnsetType | None = UNSET
    billing_details: BillingDetailsRequest | UnsetType | None = UNSET


def create_or_change(
    caller: Caller, account_id: str, request: AccountRequest, catalog: Catalog
) -> tuple[Account, bool]:
    """Create or change an account; return it and whether it is new.

    The operator may do it, and a workspace's owner for its clients. Raises AccountNotFound for a caller who cannot see
    the account, Forbidden, ClientIdInvalid, InvalidRequest, WorkspaceInvalid, AccountArchived, UnknownCurrency,
    AccountImmutable, AccountForgotten, AccountBusy.
    """
    actor = caller.actor_on(account_id)
    for _ in attempts(ATTEMPTS):
        current = table.find(account_id)
        check_may_put(caller, account_id, current, request)
        if current is None:
            account = new_account(account_id, request)
            catalog.limits(account.currency)
            check_workspace(account, table.find(account.workspace_id) if account.workspace_id else None)
            if table.create(account, first_rebilling(account, caller), by=actor):
                return account, True
        else:
            check_not_forgotten(current)
            account = apply_request(current, request)
            check_unchanged(current, account)
            if table.change(account, by=actor):
                return account, False
    raise AccountBusy(account_id=account_id)


def new_account(account_id: str, request: AccountRequest) -> Account:
    """Return the account that a request creates. Raises InvalidRequest if a field is missing."""
    given = sent_fields(request)
    for field in NEEDED:
        if field not in given:
            raise InvalidRequest(f"{field}: a new account needs it", field=field)
    bare = Account(
        account_id=account_id,
        **{field: given[field] for field in NEEDED},
        workspace_id=None,
        locale=DEFAULT_LOCALE,
        country=None,
        billing_details=None,
        created_at_ms=clock.now_ms(),
    )
    return apply_request(bare, request)


def first_rebilling(account: Account, caller: Caller) -> Rebilling:
    """Return the settings of rebilling that a new account starts with: a client's are by its workspace's defaults."""
    if account.workspace_id is None:
        return NO_REBILLING
    return new_client(
        rebilling_table.find(account.workspace_id), account.created_at_ms, caller.actor_on(account.account_id)
    )


def apply_request(current: Account, request: AccountRequest) -> Account:
    """Return the account with the changes of a request."""
    given = sent_fields(request)
    if "locale" in given:
        given["locale"] = given["locale"] or DEFAULT_LOCALE
    if request.billing_details:
        given["billing_details"] = request.billing_details.apply_to(current.billing_details)
    return replace(current, **given)


def check_may_put(caller: Caller, account_id: str, current: Account | None, request: AccountRequest) -> None:
    """Check that the caller may write this account. Raises AccountNotFound, Forbidden, ClientIdInvalid."""
    if may(caller, Right.OPERATE):
        return
    visible = current if current and can_see(caller, current) else None
    workspace_id = visible.workspace_id if visible else request.workspace_id or None
    if not caller.is_of_the_platform and caller.account_id not in {workspace_id, account_id}:
        raise AccountNotFound(account_id)
    if not may(caller, Right.ACT) or caller.account_id is None or workspace_id != caller.account_id:
        raise Forbidden("an account is written by the operator, or for a client by its workspace's owner")
    # Checked first, whether or not the id is taken, so that the answer reveals nothing about other accounts.
    if visible is None and not is_client_id(account_id, caller.account_id):
        raise ClientIdInvalid(caller.account_id)
    if visible is not current:
        raise AccountNotFound(account_id)


def is_client_id(account_id: str, workspace_id: str) -> bool:
    """Tell whether an id is `<workspace_id>.<name>`, which only that workspace may give to a client."""
    below, dot, name = account_id.rpartition(".")
    return bool(dot and name) and below == workspace_id


def check_workspace(account: Account, workspace: Account | None) -> None:
    """Check that a client has a workspace of its currency, and that a workspace has none.

    Raises WorkspaceInvalid, and AccountArchived for an archived workspace.
    """
    if account.kind == "workspace":
        if account.workspace_id is not None:
            raise WorkspaceInvalid("a workspace has no workspace_id; only a client has one")
        return
    if workspace is None or workspace.kind != "workspace":
        raise WorkspaceInvalid("a client needs the workspace_id of a workspace that exists")
    check_not_archived(workspace)
    if workspace.currency != account.currency:
        raise WorkspaceInvalid(f"the workspace's currency is {workspace.currency!r}; a client's must be the same")


def check_unchanged(current: Account, wanted: Account) -> None:
    """Check that the fixed fields are unchanged. Raises AccountImmutable."""
    if wanted.kind != current.kind:
        raise AccountImmutable("kind", current.kind)
    if wanted.workspace_id != current.workspace_id:
        raise AccountImmutable("workspace_id", current.workspace_id)
    if wanted.currency != current.currency:
        raise AccountImmutable("currency", current.currency)
