"""Decide who may do what: roles and their rights, and which accounts a caller can see."""

from enum import Enum
from typing import Any, Final

import msgspec

from chalicelib.accounts import table
from chalicelib.accounts.account import (
    Account,
    AccountForgotten,
    AccountNotFound,
    check_is_workspace,
    check_not_forgotten,
)
from chalicelib.errors import Refusal
from chalicelib.text import AccountId, WrongText
from chalicelib.token import Caller, Role, Unauthorized
from chalicelib.web import Call


class Right(Enum):
    """What a route requires."""

    READ = "see an account"
    ACT = "act for an account"
    OPERATE = "operate the whole system"
    METER = "send usage"
    ASK = "ask whether an account may use the product"


RIGHTS: Final[dict[Role, frozenset[Right]]] = {
    "operator": frozenset(Right),
    "producer": frozenset({Right.METER, Right.ASK}),
    "owner": frozenset({Right.READ, Right.ACT, Right.ASK}),
    "viewer": frozenset({Right.READ, Right.ASK}),
}
"""What each role may do. Only the platform reports usage, not the customers who pay for it."""


class Forbidden(Refusal):
    """The caller may see the account, but not do this."""

    status = 403
    type = "forbidden"
    title = "The token does not allow this"


class Permission(msgspec.Struct, frozen=True):
    """What `allow` returns: the caller, who has the right, and the account."""

    caller: Caller
    account: Account

    @property
    def actor(self) -> str:
        """Return the caller's name for what it does to the account."""
        return self.caller.actor_on(self.account.account_id)

    def may_see_sibling(self, account_id: str) -> bool:
        """Tell whether the caller may see the other transaction of a posting, in that account's wallet.

        A workspace sees those of its clients; a client does not see what it costs its workspace.
        """
        is_own_workspace = self.account.kind == "workspace" and self.caller.account_id == self.account.account_id
        return self.caller.role == "operator" or self.caller.account_id == account_id or is_own_workspace


REFUSALS = (Unauthorized, Forbidden, AccountNotFound, AccountForgotten)
"""The errors that every route about an account may return."""


def allow(call: Call[Any, Any], account_id: str, right: Right) -> Permission:
    """Check that the caller has a right on an account, and return the account.

    Raises AccountNotFound for an account that does not exist or that the caller cannot see; Forbidden for one that the
    caller can see without having the right; AccountForgotten.
    """
    account = table.get(account_id)
    check_permission(call.caller, account, right)
    return Permission(call.caller, account)


def check_permission(caller: Caller, account: Account, right: Right) -> None:
    """Check that the caller has a right on an account. Raises AccountNotFound, Forbidden, as `allow` does.

    Of a forgotten account, everything can be read, and nobody can act for it: AccountForgotten.
    """
    if not can_see(caller, account):
        raise AccountNotFound(account.account_id)
    check_right(caller, right)
    if right is Right.ACT:
        check_not_forgotten(account)


def allow_workspace(call: Call[Any, Any], account_id: str, right: Right) -> Permission:
    """Check that the caller has a right on what only a workspace decides: about itself, or about one of its clients.

    Raises what `allow` raises; Forbidden for a client's own token, whatever its role.
    """
    permission = allow(call, account_id, right)
    if is_clients_own(permission.caller, permission.account):
        raise Forbidden("this is for the workspace of the account, not for the account itself")
    return permission


def check_own_client(permission: Permission, client_id: str) -> Account:
    """Check that the account is a workspace and has a client, and return the client.

    Raises Forbidden for a client's own token, NotAWorkspace, and AccountNotFound for a client of another workspace.
    """
    client = check_charged_client(permission, client_id)
    if client.workspace_id != permission.account.account_id:
        raise AccountNotFound(client_id)
    return client


def check_charged_client(permission: Permission, client_id: str) -> Account:
    """Return a client whose usage the account is charged for, or was before the client moved to another workspace.

    Of a client that has moved, its former workspace may know its name of then (`name_known_to`), and nothing newer.
    Raises what `check_own_client` raises.
    """
    if is_clients_own(permission.caller, permission.account):
        raise Forbidden("a client has no clients")
    check_is_workspace(permission.account)
    try:
        client = table.find(AccountId(client_id))
    except WrongText:
        client = None
    if client is None or client.name_known_to(permission.account.account_id) is None:
        raise AccountNotFound(client_id)
    return client


def allow_above(call: Call[Any, Any], account_id: str) -> Permission:
    """Check that the caller acts from above an account: the operator on any, a workspace on its clients.

    Raises what `allow` raises; Forbidden for a workspace about itself, and for a client's own token.
    """
    permission = allow_workspace(call, account_id, Right.ACT)
    if permission.account.kind == "workspace":
        check_right(permission.caller, Right.OPERATE)
    return permission


def check_is_seller(permission: Permission, seller_id: str | None) -> None:
    """Check that a workspace decides about what a client paid it, and not another workspace. Raises Forbidden.

    What a client paid before it was moved went to another workspace.
    """
    if may(permission.caller, Right.OPERATE):
        return
    if seller_id != permission.caller.account_id:
        raise Forbidden("the client paid another workspace, to which it belonged then; the operator decides about it")


def is_clients_own(caller: Caller, account: Account) -> bool:
    """Tell whether the caller is the account's own customer and the account a client: it sees only its own world.

    It learns no cost, and nothing of its workspace's money or standing.
    """
    return not caller.is_of_the_platform and account.kind == "client" and caller.account_id == account.account_id


def can_see(caller: Caller, account: Account) -> bool:
    """Tell whether the caller can see the account: its own, one of its clients, or any for the platform."""
    return caller.is_of_the_platform or caller.account_id in {account.account_id, account.workspace_id}


def may(caller: Caller, right: Right) -> bool:
    """Tell whether the caller's role includes the right."""
    return right in RIGHTS[caller.role]


def check_right(caller: Caller, right: Right) -> None:
    """Check that the caller's role includes the right. Raises Forbidden."""
    if not may(caller, right):
        takes = " or ".join(repr(role) for role, rights in RIGHTS.items() if right in rights)
        raise Forbidden(f"the role {caller.role!r} may not {right.value}; that takes {takes}")
