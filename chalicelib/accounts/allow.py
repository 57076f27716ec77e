"""Decide who may ask for what."""

from enum import Enum
from typing import Any

import msgspec

from chalicelib.accounts import table
from chalicelib.accounts.account import Account, AccountNotFound
from chalicelib.accounts.token import Caller, Unauthorized, read
from chalicelib.errors import Refusal
from chalicelib.settings import settings
from chalicelib.web import Call


class Right(Enum):
    """What a route needs: to see an account, to act for it, or to operate the whole system."""

    READ = "read"
    ACT = "act"
    OPERATE = "operate"


class Forbidden(Refusal):
    """The caller may see the account, but not do this."""

    status = 403
    type = "forbidden"
    title = "The token does not allow this"


class Allowed(msgspec.Struct, frozen=True):
    """A caller who may, and the account it is about."""

    caller: Caller
    account: Account

    @property
    def actor(self) -> str:
        """Return how the caller is named in the ledger."""
        return self.caller.actor

    def may_see_sibling(self, account_id: str) -> bool:
        """Tell whether the caller may know the other transaction of a posting, in that account's wallet.

        A workspace knows its clients; what a client costs its workspace is not the client's business.
        """
        is_own_workspace = self.account.kind == "workspace" and self.caller.account_id == self.account.account_id
        return self.caller.role == "operator" or self.caller.account_id == account_id or is_own_workspace


REFUSALS = (Unauthorized, Forbidden, AccountNotFound)
"""What every route about an account may answer."""


def caller_of(call: Call[Any, Any]) -> Caller:
    """Return who asks. Raises Unauthorized."""
    return read(call.headers.get("authorization", ""), settings().token_secret)


def allow(call: Call[Any, Any], account_id: str, right: Right) -> Allowed:
    """Let the caller through to an account, or not.

    Raises Unauthorized; AccountNotFound for an account that does not exist or that a stranger asks for; Forbidden for
    one that the caller may see but not change.
    """
    caller = caller_of(call)
    account = table.find(account_id)
    if account is None or not knows(caller, account):
        raise AccountNotFound(account_id)
    if not may(caller, right):
        raise Forbidden(f"the role {caller.role!r} may not do this; it takes {_needed(right)}")
    return Allowed(caller, account)


def knows(caller: Caller, account: Account) -> bool:
    """Tell whether the account exists for the caller: its own, a client of its own, or any for an operator."""
    return caller.role == "operator" or caller.account_id in {account.account_id, account.workspace_id}


def may(caller: Caller, right: Right) -> bool:
    """Tell whether the caller's role includes the right."""
    return {
        "operator": True,
        "owner": right is not Right.OPERATE,
        "viewer": right is Right.READ,
    }[caller.role]


def _needed(right: Right) -> str:
    return {Right.READ: "any role", Right.ACT: "the role 'owner'", Right.OPERATE: "the role 'operator'"}[right]
