"""Read what access depends on, and decide."""

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.access.access import AccessAnswer, Side, decide_access
from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow, account_of
from chalicelib.allowances.allowance import uncredited
from chalicelib.allowances.table import AllowanceRow, allowance_of
from chalicelib.budgets.evaluate import find_closed_budget
from chalicelib.budgets.table import BudgetsRow, budgets_of
from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import month_of
from chalicelib.ledger.table import WalletRow, wallet_of
from chalicelib.ledger.wallet import Wallet, WalletNotFound
from chalicelib.pricing.rebilling import NO_REBILLING
from chalicelib.pricing.table import RebillingRow, rebilling_of
from chalicelib.tables import RowKey, Table, read_together


def find_access(account: Account, catalog: Catalog, meter: str | None = None) -> AccessAnswer:
    """Return an account's access, or its access to a meter of the catalog.

    It takes one more read, of all that it depends on besides the account; and one of the days of an account, and of a
    client's workspace, that pays and has a budget which may close it.
    """
    now_ms, floor_micros = clock.now_ms(), catalog.limits(account.currency).floor_micros
    rows = read_together(_keys(account, now_ms))
    wallets = {row.account_id: wallet_of(row) for row in rows[WalletRow]}
    workspace = next((account_of(row) for row in rows.get(AccountRow, ())), None)
    rebilling = next((rebilling_of(row) for row in rows.get(RebillingRow, ())), NO_REBILLING)
    allowance = next((allowance_of(row) for row in rows.get(AllowanceRow, ())), None)
    budgets = {row.account_id: budgets_of(row) for row in rows[BudgetsRow]}
    pays_itself = workspace is None or rebilling.is_on(now_ms)
    # A new month's allowance is credited with its first usage, which must not wait for it.
    own = _side(account, wallets, floor_micros, uncredited(rebilling, allowance, now_ms))
    above = _side(workspace, wallets, floor_micros) if workspace else None
    closed = {
        payer: find_closed_budget(budgets[payer], meters_of(meter, catalog), now_ms)
        for payer in (account.account_id if pays_itself else None, account.workspace_id)
        if payer in budgets
    }
    access = decide_access(
        replace(own, budget=closed.get(account.account_id)),
        replace(above, budget=closed.get(account.workspace_id)) if above else None,
        pays_itself=pays_itself,
        now_ms=now_ms,
    )
    return AccessAnswer(access, account, workspace, pays_itself)


def meters_of(meter: str | None, catalog: Catalog) -> set[str]:
    """Return the meters whose budgets close a meter: its own, and those of its parts."""
    return {meter, *catalog.meters[meter].parts} if meter else set()


def _keys(account: Account, now_ms: int) -> dict[type[Table], list[RowKey]]:
    """Return the rows to read in one call: for a client its workspace's, its rebilling and its allowance, too."""
    if account.workspace_id is None:
        return {WalletRow: [account.account_id], BudgetsRow: [account.account_id]}
    return {
        WalletRow: [account.account_id, account.workspace_id],
        BudgetsRow: [account.account_id, account.workspace_id],
        AccountRow: [account.workspace_id],
        RebillingRow: [account.account_id],
        AllowanceRow: [(account.account_id, month_of(now_ms))],
    }


def _side(account: Account, wallets: dict[str, Wallet], floor_micros: int, uncredited_micros: int = 0) -> Side:
    if account.account_id not in wallets:
        raise WalletNotFound(account.account_id)
    available_micros = wallets[account.account_id].balance_micros - floor_micros
    return Side(account.standing, account.access_until_ms, available_micros + uncredited_micros)
