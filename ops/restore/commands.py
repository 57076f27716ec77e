"""The commands that bring data back: `ops restore rows`, `wallets`, `credits`."""

import sys
from collections.abc import Callable, Iterable
from typing import Final

import click
from botocore.exceptions import ClientError
from msgspec.structs import fields
from rich.console import Console
from rich.progress import Progress

from chalicelib.accounts.table import AccountRow
from chalicelib.batches import each
from chalicelib.ledger.rebuild import Rebuild, rebuild
from chalicelib.money import format_amount
from chalicelib.settings import Settings, settings
from chalicelib.tables import connection
from ops.console import WRONG, new_table, out, tracked
from ops.restore.credits import Reposted, repost_credits
from ops.restore.rows import Copied, NotByAccount, NotTheSameTable, copy_rows
from ops.restore.table_settings import apply_settings

SUFFIX: Final = "_table"
KEY: Final = ["account_id"]
NEEDED: Final = ["account_id", "currency"]
"""All that is read of an account: what else its row holds may be damaged."""

_accounts = click.argument("accounts", nargs=-1)
_every = click.option("--all", "every", is_flag=True, help="All accounts that the table of accounts has.")
_write = click.option("--write", is_flag=True, help="Write; without it the command only shows what it would write.")


@click.group()
def restore() -> None:
    """Bring back what was lost or damaged (docs/operating/restore.md). Without --write nothing is written."""


@restore.command()
@click.argument("table")
@click.option("--from", "restored", required=True, help="The table that DynamoDB restored.")
@click.option("--account", "account_id", help="Only rows of this account.")
@click.option("--replace", is_flag=True, help="Also rows that differ. What changed in them since is lost.")
@_write
def rows(table: str, restored: str, account_id: str | None, replace: bool, write: bool) -> None:
    """Copy the rows that TABLE (such as `transactions`) lacks from a table that was restored beside it.

    Exits with 1 if a row could not be written, or was written by somebody else meanwhile.
    """
    live = _table_name(table)
    try:
        with Progress(console=Console(stderr=True)) as progress:
            total = connection().client.describe_table(TableName=restored)["Table"].get("ItemCount") or None
            task = progress.add_task("Comparing rows", total=total)
            copied = copy_rows(
                live,
                restored,
                account_id=account_id,
                replace=replace,
                write=write,
                progress=lambda count: progress.advance(task, count),
            )
    except (NotByAccount, NotTheSameTable) as error:
        raise click.ClickException(str(error)) from None
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise click.ClickException(f"there is no table {restored}, or no table {live}") from None
    _show(copied, replace=replace, write=write)
    sys.exit(WRONG if copied.overtaken or copied.failed else 0)


def _show(copied: Copied, *, replace: bool, write: bool) -> None:
    out.print(f"{copied.read} rows compared, {copied.missing} are missing, {copied.different} differ")
    if not write:
        wanted = copied.missing + (copied.different if replace else 0)
        out.print(f"{wanted} would be written: add --write")
        return
    out.print(f"{copied.written} written")
    if copied.failed:
        out.print(f"{copied.failed} could not be written; the lines above name them")
    if copied.overtaken:
        out.print(f"{copied.overtaken} changed while this ran and were left: run it again")


def _table_name(table: str) -> str:
    names = sorted(each.name.removesuffix(SUFFIX) for each in fields(Settings) if each.name.endswith(SUFFIX))
    if table not in names:
        raise click.UsageError(f"there is no table {table!r}; the tables are {', '.join(names)}")
    return str(getattr(settings(), table + SUFFIX))


@restore.command("settings")
@click.argument("table")
def restore_settings(table: str) -> None:
    """Give TABLE, restored under its own name, the stream, recovery, expiry and protection that it had."""
    done = apply_settings(table, _table_name(table))
    for each_setting in done:
        out.print(f"set: {each_setting}")
    if not done:
        out.print("all settings are there")


@restore.command()
@_accounts
@_every
@_write
def wallets(accounts: tuple[str, ...], every: bool, write: bool) -> None:
    """Rebuild wallets, their days and their clients' months from the ledger's pages.

    Nothing may be posted meanwhile (`ops halt`). Exits with 1 if a wallet could not be rebuilt.
    """
    table = new_table("account", "balance", "from the pages", "other rows that differ")

    def handle(account: AccountRow) -> None:
        found = rebuild(account.account_id, account.currency, write=write)
        if found.changed:
            table.add_row(account.account_id, *_balances(found), str(found.rows))

    failed = _each(accounts, every=every, handle=handle, doing="Rebuilding", message="a wallet could not be rebuilt")
    out.print(table)
    _end(table.row_count, failed, write=write, what="wallets")


def _balances(found: Rebuild) -> tuple[str, str]:
    before, after = found.before, found.after
    was = "none that can be read" if before is None else format_amount(before.balance_micros, after.currency)
    return was, format_amount(after.balance_micros, after.currency)


@restore.command("credits")
@_accounts
@_every
@_write
def repost(accounts: tuple[str, ...], every: bool, write: bool) -> None:
    """Post again what payments, refunds and disputes say and the ledger lacks. Each is posted once, whoever asks.

    Exits with 1 if an account failed, or if its ledger has something otherwise than the rows say.
    """
    table = new_table("account", "missing in the ledger", "in conflict with it")
    conflicts = missing = 0

    def handle(account: AccountRow) -> None:
        nonlocal conflicts, missing
        found: Reposted = repost_credits(account.account_id, write=write)
        conflicts += len(found.conflicts)
        missing += bool(found.missing)
        if found.missing or found.conflicts:
            table.add_row(account.account_id, "\n".join(found.missing), "\n".join(found.conflicts))

    failed = _each(accounts, every=every, handle=handle, doing="Comparing", message="payments could not be posted")
    out.print(table)
    _end(missing, failed + conflicts, write=write, what="accounts")


def _each(
    names: Iterable[str], *, every: bool, handle: Callable[[AccountRow], object], doing: str, message: str
) -> int:
    """Handle each account; print those that failed, also those that cannot be read, and return how many did."""
    wanted = sorted(set(names))
    if not wanted and not every:
        raise click.UsageError("name accounts, or give --all")
    rows = AccountRow.scan(attributes_to_get=KEY) if every else AccountRow.batch_get(wanted, attributes_to_get=KEY)
    names = sorted(row.account_id for row in rows)
    for unknown in sorted(set(wanted) - set(names)):
        raise click.UsageError(f"there is no account {unknown!r}")
    failures = each(
        tracked(names, doing),
        lambda name: handle(AccountRow.get(name, consistent_read=True, attributes_to_get=NEEDED)),
        message=message,
        about=lambda name: {"account_id": name},
    )
    for failure in failures:
        out.print(f"{failure.item}: {failure.error!r}")
    return len(failures)


def _end(changed: int, failed: int, *, write: bool, what: str) -> None:
    done = "were written" if write else "would be written: add --write"
    if changed:
        out.print(f"{changed} {what} {done}")
    if failed:
        out.print(f"{failed} failed or in conflict; the lines above name them")
    if not changed and not failed:
        out.print("everything agrees")
    sys.exit(WRONG if failed else 0)
