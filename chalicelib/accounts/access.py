"""May an account use the product now? Platforms ask before a call or a message."""

from typing import Literal

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import Catalog
from chalicelib.ledger.table import read_wallets
from chalicelib.ledger.wallet import Wallet, WalletNotFound

Reason = Literal["balance_exhausted", "workspace_balance_exhausted"]


class Access(msgspec.Struct, frozen=True):
    """The answer. `available_micros` is what is left above the floor, and may be negative."""

    allowed: bool
    reason: Reason | None
    available_micros: int


def access(account: Account, catalog: Catalog) -> Access:
    """Decide for an account that has been read: one more read, of its wallet and its workspace's together."""
    ids = [account.account_id, *([account.workspace_id] if account.workspace_id else [])]
    wallets = read_wallets(ids)
    for account_id in ids:
        if account_id not in wallets:
            raise WalletNotFound(account_id)
    floor = catalog.limits(account.currency).floor_micros
    return decide(wallets[account.account_id], wallets.get(account.workspace_id or ""), floor)


def decide(wallet: Wallet, workspace: Wallet | None, floor_micros: int) -> Access:
    """Decide from the wallet and, for a client, its workspace's. Pure."""
    reason: Reason | None = None
    if wallet.balance_micros <= floor_micros:
        reason = "balance_exhausted"
    elif workspace is not None and workspace.balance_micros <= floor_micros:
        reason = "workspace_balance_exhausted"
    return Access(reason is None, reason, wallet.balance_micros - floor_micros)
