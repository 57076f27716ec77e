"""Accounts over HTTP."""

from chalicelib.accounts.account import (
    AccountArchived,
    AccountBusy,
    AccountImmutable,
    ClientIdInvalid,
    WorkspaceInvalid,
)
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.accounts.view import AccountView, view_account
from chalicelib.api_tags import ACCOUNTS
from chalicelib.catalog.catalog import UnknownCurrency, catalog
from chalicelib.errors import Refusal
from chalicelib.text import AccountId, WrongText
from chalicelib.web import Answer, Call, Routes

routes = Routes(__name__, *ACCOUNTS)


class InvalidAccountId(Refusal):
    """An account id that cannot be written safely everywhere."""

    status = 422
    type = "account-id-invalid"
    title = "Not an account id"


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}",
    summary="Create or change an account",
    description=(
        "Call it when a workspace signs up, and whenever its name or address changes; the account's wallet is "
        "made with it. `kind`, `workspace_id` and `currency` are fixed from the first call on; only a move "
        "gives a client another workspace. A workspace's owner may do it for its clients."
    ),
    status=(200, 201),
    takes=AccountRequest,
    example={"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"},
    gives=AccountView,
    refuses=(
        *REFUSALS,
        AccountArchived,
        AccountImmutable,
        AccountBusy,
        UnknownCurrency,
        WorkspaceInvalid,
        InvalidAccountId,
        ClientIdInvalid,
    ),
)
def put_account(call: Call[AccountRequest, None], account_id: str) -> Answer:
    account, created = create_or_change(call.caller, _check_account_id(account_id), call.body, catalog())
    return Answer(view_account(account), 201 if created else 200)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}",
    summary="Show an account",
    description="What is known of the account itself. For its balance, card and subscription, see `GET .../billing`.",
    gives=AccountView,
    refuses=REFUSALS,
)
def get_account(call: Call[None, None], account_id: str) -> AccountView:
    return view_account(allow(call, account_id, Right.READ).account)


def _check_account_id(account_id: str) -> str:
    try:
        return AccountId(account_id)
    except WrongText as wrong:
        raise InvalidAccountId(f"account_id: {wrong}", field="account_id") from None
