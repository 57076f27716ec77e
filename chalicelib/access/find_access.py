"""Read what access depends on, and decide."""

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.access.access import AccessAnswer, Side, decide_access
from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow, find_in
from chalicelib.allowances.allowance import Allowance, uncredited
from chalicelib.allowances.table import AllowanceRow, allowance_of
from chalicelib.budgets.evaluate import find_closed_budget
from chalicelib.budgets.table import BudgetsRow, find_to_go_on
from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import month_of
from chalicelib.ledger.table import WalletRow, wallet_of
from chalicelib.ledger.wallet import WalletNotFound
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from chalicelib.pricing.table import RebillingRow, rebilling_of
from chalicelib.tables import RowKey, Rows, Table, read_rows


def find_access(account: Account, catalog: Catalog, meter: str | None = None) -> AccessAnswer:
    """Return an account's access, or its access to a meter of the catalog.

    It takes one more read, of all that it depends on besides the account; and one of the days of an account, and of a
    client's workspace, that pays and has a budget which may close it.
    """
    now_ms, floor_micros = clock.now_ms(), catalog.limits(account.currency).floor_micros
    rows = read_rows(_keys(account, now_ms))
    workspace = find_in(rows, account.workspace_id) if account.workspace_id else None
    rebilling = _rebilling(rows, account) if workspace else NO_REBILLING
    pays_itself = workspace is None or rebilling.is_on(now_ms)
    own, above = Side(account.standing, account.access_until_ms, 0), None
    if pays_itself:
        # A new month's allowance is credited with its first usage, which must not wait for it.
        more_micros = uncredited(rebilling, _allowance(rows, account, now_ms), now_ms) if rebilling.is_on(now_ms) else 0
        own = replace(own, available_micros=_balance(rows, account.account_id) - floor_micros + more_micros)
    if workspace:
        available_micros = _balance(rows, workspace.account_id) - floor_micros
        above = Side(workspace.standing, workspace.access_until_ms, available_micros)
    closed = {
        payer: find_closed_budget(find_to_go_on(rows, payer), meters_of(meter, catalog), now_ms)
        for payer in (account.account_id if pays_itself else None, account.workspace_id)
        if payer
    }
    access = decide_access(
        replace(own, budget=closed.get(account.account_id)),
        replace(above, budget=closed.get(workspace.account_id)) if workspace and above else None,
        pays_itself=pays_itself,
        now_ms=now_ms,
    )
    return AccessAnswer(access, account, workspace, pays_itself)


def _rebilling(rows: Rows, account: Account) -> Rebilling:
    row = rows.find(RebillingRow, account.account_id)
    return rebilling_of(row) if row else NO_REBILLING


def _allowance(rows: Rows, account: Account, now_ms: int) -> Allowance | None:
    row = rows.find(AllowanceRow, (account.account_id, month_of(now_ms)))
    return allowance_of(row) if row else None


def _balance(rows: Rows, account_id: str) -> int:
    row = rows.find(WalletRow, account_id)
    if row is None:
        raise WalletNotFound(account_id)
    return wallet_of(row).balance_micros


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
