"""Show what the checks have found: for one account, or the differences of all."""

import sys

import click

from chalicelib import clock
from chalicelib.accounts.account import AccountNotFound
from chalicelib.accounts.table import get
from chalicelib.checks import findings_table
from chalicelib.checks.badge import ChecksState
from chalicelib.checks.finding import Finding
from chalicelib.checks.state import load_state
from chalicelib.checks.table import read_stripe_check
from chalicelib.clock import iso
from chalicelib.connection.table import connected_stripe_accounts
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from ops.console import WRONG, new_table, out
from ops.reconcile import amounts_of


@click.command("checks")
@click.option("--account", "account_id", help="Only one account: its checks, and all differences ever found of it.")
@click.option("--limit", default=100, show_default=True, help="How many open differences to list, the oldest first.")
def show_checks(account_id: str | None, limit: int) -> None:
    """Show when accounts were checked and what differs. Exits with 1 if a difference is open."""
    found = _of_account(account_id) if account_id else _of_all(limit)
    for each in found:
        click.echo(line(each))
    open_count = sum(each.is_open for each in found)
    click.echo(f"{open_count} open differences")
    sys.exit(WRONG if open_count else 0)


def _of_account(account_id: str) -> list[Finding]:
    try:
        state = load_state(get(account_id))
    except AccountNotFound as error:
        raise click.ClickException(error.detail) from None
    click.echo(_sentence(state))
    return findings_table.of_account(account_id)


def _sentence(state: ChecksState) -> str:
    wallet, stripe = state.wallet, state.stripe
    verified = f"verified at {iso(wallet.checked_at_ms)}" if wallet.checked_at_ms else "not verified yet"
    whole = f"whole at {iso(wallet.whole_at_ms)}" if wallet.whole_at_ms else "never whole"
    days = f"reconciled up to the day before {stripe.progress.done_day}" if stripe and stripe.progress.done_day else ""
    agrees = {True: "in step with Stripe", False: "not in step", None: "not checked yet"}[state.in_step]
    return f"{agrees}: wallet {verified}, {whole}; payments {days or 'not reconciled yet'}"


def _of_all(limit: int) -> list[Finding]:
    accounts = new_table("Stripe account", "reconciled up to the day before", "last batch", "could not be read")
    for stripe_account in (PLATFORM, *connected_stripe_accounts()):
        accounts.add_row(*_row_of(stripe_account))
    out.print(accounts)
    keys = findings_table.open_keys(clock.now_ms(), limit=limit)
    found = [each for key in keys if (each := findings_table.find(*key)) is not None]
    return sorted(found, key=lambda each: each.found_at_ms)[:limit]


def _row_of(stripe_account: StripeAccount) -> tuple[str, ...]:
    check = read_stripe_check(stripe_account)
    at = iso(check.checked_at_ms) if check.checked_at_ms else "never"
    return stripe_account.key, check.progress.done_day or "none", at, check.unread or ""


def line(found: Finding) -> str:
    """Write a difference as one line, for people and for grep: what, whose, since when, and the amount of each side."""
    what = f"{found.kind} {found.problem}" + (f": {found.object_id}" if found.object_id else "")
    until = f", resolved {iso(found.resolved_at_ms)}" if found.resolved_at_ms else ""
    whose = f"account {found.owner_id or 'unknown'}, found {iso(found.found_at_ms)}{until}"
    if found.currency is None:
        return f"{what} ({whose})"
    return f"{what} ({whose}, payment {found.payment_id or 'unknown'}): {amounts_of(found, found.currency)}"
