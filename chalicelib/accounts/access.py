"""Whether an account may use the product now. The platform asks before a call or a message."""

from typing import Literal

import msgspec

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow
from chalicelib.catalog.catalog import Catalog
from chalicelib.ledger.table import WalletRow, wallet_of
from chalicelib.ledger.wallet import Wallet, WalletNotFound
from chalicelib.tables import read_together

Reason = Literal[
    "subscription_unpaid", "workspace_subscription_unpaid", "balance_exhausted", "workspace_balance_exhausted"
]


class Access(msgspec.Struct, frozen=True):
    """Whether access is open, or why not. `available_micros` is the balance above the floor; it may be negative."""

    allowed: bool
    reason: Reason | None
    available_micros: int


def find_access(account: Account, catalog: Catalog) -> Access:
    """Return an account's access. It takes one more read, of its wallet and of its workspace's row and wallet."""
    workspace_ids = [account.workspace_id] if account.workspace_id else []
    ids = [account.account_id, *workspace_ids]
    rows = read_together({WalletRow: ids, **({AccountRow: workspace_ids} if workspace_ids else {})})
    wallets = {row.account_id: wallet_of(row) for row in rows[WalletRow]}
    for account_id in ids:
        if account_id not in wallets:
            raise WalletNotFound(account_id)
    ends_ms = {row.account_id: row.access_until_ms for row in rows.get(AccountRow, ())}
    return decide_access(
        wallets[account.account_id],
        wallets.get(account.workspace_id or ""),
        catalog.limits(account.currency).floor_micros,
        is_unpaid=is_grace_over(account.access_until_ms),
        workspace_is_unpaid=is_grace_over(ends_ms.get(account.workspace_id)),
    )


def is_grace_over(access_until_ms: float | None) -> bool:
    """Tell whether the grace period of an unpaid subscription is over."""
    return access_until_ms is not None and clock.now_ms() >= access_until_ms


def decide_access(
    wallet: Wallet,
    workspace: Wallet | None,
    floor_micros: int,
    *,
    is_unpaid: bool = False,
    workspace_is_unpaid: bool = False,
) -> Access:
    """Decide by the wallet, by the workspace's wallet for a client, and by unpaid subscriptions."""
    reason: Reason | None = None
    if is_unpaid:
        reason = "subscription_unpaid"
    elif wallet.balance_micros <= floor_micros:
        reason = "balance_exhausted"
    elif workspace_is_unpaid:
        reason = "workspace_subscription_unpaid"
    elif workspace is not None and workspace.balance_micros <= floor_micros:
        reason = "workspace_balance_exhausted"
    return Access(reason is None, reason, wallet.balance_micros - floor_micros)
