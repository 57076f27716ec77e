"""How accounts and their wallets are presented."""

import msgspec

from chalicelib.accounts.account import Account, BillingDetails, Standing
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
    standing: Standing
    created_at: str


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
        standing=account.standing,
        created_at=iso(account.created_at_ms),
    )


def view_balance(wallet: Wallet) -> Balance:
    """Present a wallet's balance."""
    return Balance(format_amount(wallet.balance_micros, wallet.currency), wallet.currency)
