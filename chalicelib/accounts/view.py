"""How accounts, their access and their wallets are presented."""

import msgspec

from chalicelib.accounts.access import Access, Reason
from chalicelib.accounts.account import Account, BillingDetails
from chalicelib.clock import iso
from chalicelib.ledger.wallet import Wallet
from chalicelib.money import format_amount


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
    reason: Reason | None
    available: str
    currency: str


class Balance(msgspec.Struct):
    """The wallet's current balance; it may be negative."""

    balance: str
    currency: str


def view_account(account: Account) -> AccountView:
    """Present an account."""
    return AccountView(
        account_id=account.account_id,
        kind=account.kind,
        workspace_id=account.workspace_id,
        name=account.name,
        email=account.email,
        currency=account.currency,
        locale=account.locale,
        country=account.country,
        billing_details=account.billing_details,
        created_at=iso(account.created_at_ms),
    )


def view_access(access: Access, currency: str) -> AccessView:
    """Present whether an account may use the product."""
    return AccessView(access.allowed, access.reason, format_amount(access.available_micros, currency), currency)


def view_balance(wallet: Wallet) -> Balance:
    """Present a wallet's balance."""
    return Balance(format_amount(wallet.balance_micros, wallet.currency), wallet.currency)
