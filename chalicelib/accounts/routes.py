"""Accounts over HTTP."""

from typing import Any

import msgspec

from chalicelib.accounts import access as access_rule
from chalicelib.accounts.account import (
    Account,
    AccountBusy,
    AccountImmutable,
    BillingDetails,
    ClientIdInvalid,
    WorkspaceInvalid,
)
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.accounts.put import AccountRequest, put
from chalicelib.catalog.catalog import UnknownCurrency, catalog
from chalicelib.clock import iso
from chalicelib.errors import Refusal
from chalicelib.money import format_amount
from chalicelib.tags import ACCOUNTS
from chalicelib.text import AccountId, WrongText
from chalicelib.web import Answer, Call, Routes

routes = Routes(__name__, *ACCOUNTS)


class AccountView(msgspec.Struct):
    """An account."""

    account_id: str
    kind: str
    workspace_id: str | None
    name: str
    email: str
    currency: str
    locale: str
    country: str | None
    billing_details: BillingDetails | None
    created_at: str


class AccessView(msgspec.Struct):
    """Whether the product may be used now. `available` is what is left above the floor; it may be negative."""

    allowed: bool
    reason: access_rule.Reason | None
    available: str
    currency: str


class InvalidAccountId(Refusal):
    """An account id that could not be written down safely everywhere."""

    status = 422
    type = "account-id-invalid"
    title = "Not an account id"


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}",
    summary="Create or change an account",
    description=(
        "Call it when a workspace signs up, and whenever its name or address changes; the account's wallet is "
        "made with it. `kind`, `workspace_id` and `currency` are fixed from the first call on. A workspace's "
        "owner may do it for its clients."
    ),
    status=(200, 201),
    takes=AccountRequest,
    example={"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"},
    gives=AccountView,
    refuses=(
        *REFUSALS,
        AccountImmutable,
        AccountBusy,
        UnknownCurrency,
        WorkspaceInvalid,
        InvalidAccountId,
        ClientIdInvalid,
    ),
)
def put_account(call: Call[AccountRequest, None], account_id: str) -> Answer:
    account, created = put(call.caller, _checked(account_id), call.body, catalog())
    return Answer(view(account), 201 if created else 200)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}",
    summary="Show an account",
    description="What is known of the account itself. For its balance, card and subscription, see `GET .../billing`.",
    gives=AccountView,
    refuses=REFUSALS,
)
def get_account(call: Call[None, None], account_id: str) -> AccountView:
    return view(allow(call, account_id, Right.READ).account)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/access",
    summary="Tell whether an account may use the product now",
    description=(
        "Ask before a call or a message begins; it takes two reads at most. `available` is what is left above the "
        "floor, and `reason` says why access is closed: the balance, or a subscription that was not paid in time."
    ),
    gives=AccessView,
    refuses=REFUSALS,
)
def get_access(call: Call[None, None], account_id: str) -> AccessView:
    account = allow(call, account_id, Right.ASK).account
    found = access_rule.access(account, catalog())
    return AccessView(
        found.allowed, found.reason, format_amount(found.available_micros, account.currency), account.currency
    )


def view(account: Account) -> AccountView:
    """Present an account."""
    fields: dict[str, Any] = {
        name: getattr(account, name) for name in AccountView.__struct_fields__ if name != "created_at"
    }
    return AccountView(**fields, created_at=iso(account.created_at_ms))


def _checked(account_id: str) -> str:
    try:
        return AccountId(account_id)
    except WrongText as wrong:
        raise InvalidAccountId(f"account_id: {wrong}", field="account_id") from None
