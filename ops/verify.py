"""Verify wallets whole, show the differences, and store the results as the nightly verification does."""

import sys

import click

from chalicelib.accounts.table import AccountRow
from chalicelib.checks import table as checks
from chalicelib.checks.verify_wallets import VerifyRun, record, verify_whole, whole_check
from chalicelib.ledger.verify import StillMoving
from chalicelib.ledger.wallet import WalletNotFound
from chalicelib.log import log
from chalicelib.settings import settings
from ops.console import WRONG, new_table, out, tracked


@click.command("verify")
@click.argument("accounts", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Verify every account.")
def verify_wallets(accounts: tuple[str, ...], *, every: bool) -> None:
    """Verify wallets whole: chain, sequence, balances, days, rows, siblings. Exits with 1 if anything does not agree.

    A transaction is compared with its sibling if both accounts are named, or with --all. `ops checks` shows the results
    later.
    """
    if not accounts and not every:
        raise click.UsageError("name accounts, or give --all")
    settings()
    names = sorted(row.account_id for row in AccountRow.scan(attributes_to_get=["account_id"])) if every else accounts
    table = new_table("account", "pages", "transactions", "balance (micros)", "difference")
    among = frozenset(names)
    differences = 0
    for name in tracked(names, "Verifying"):
        row, sound = _verified(name, among)
        differences += not sound
        table.add_row(name, *row)
    out.print(table)
    sys.exit(WRONG if differences else 0)


def _verified(account_id: str, among: frozenset[str]) -> tuple[tuple[str, ...], bool]:
    try:
        found = verify_whole(account_id, among)
        record(whole_check(found, checks.read_wallet_check(account_id)), VerifyRun())
    except (WalletNotFound, StillMoving) as error:
        return ("", "", "", str(error) or "still being posted to"), False
    except Exception as error:  # noqa: BLE001 - an unreadable wallet is a difference, and must not hide others
        log().exception("a wallet could not be verified", account_id=account_id)
        return ("", "", "", f"cannot be read: {error!r}"), False
    numbers = (str(found.pages), str(found.transactions), str(found.balance_micros))
    return (*numbers, found.difference or "none"), found.difference is None
