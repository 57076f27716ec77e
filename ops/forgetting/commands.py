"""The command `ops forget`."""

import sys

import click

from chalicelib.accounts.account import AccountNotFound
from chalicelib.catalog.catalog import catalog
from chalicelib.errors import Refusal
from ops.account_data import PLACES
from ops.console import WRONG
from ops.forgetting.forget_account import NotForgettable, Plan, StepsFailed, forget_account, plan


@click.command("forget")
@click.argument("account")
@click.option("--really", is_flag=True, help="Do it; without this, only say what would go and what would stay.")
@click.option("--yes", is_flag=True, help="Do not ask for the account's id again.")
def forget(*, account: str, really: bool, yes: bool) -> None:
    """Remove the contact data of an account for good; its books stay. Without --really nothing is written.

    Exits with 1 if something is still open, which is named, or if a step failed. Safe to repeat.
    """
    try:
        found = plan(account)
        show(found)
        if found.obstacles:
            sys.exit(WRONG)
        if not really:
            click.echo("nothing was written; --really does it")
            return
        if not yes and click.prompt(f"This cannot be undone. Type {account} to forget it") != account:
            raise click.ClickException("that is another account: nothing was done")
        removed = forget_account(account, catalog(), click.echo)
    except (AccountNotFound, NotForgettable, StepsFailed, Refusal) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"forgotten; {sum(removed.values())} rows and objects went or were cleared")


def show(found: Plan) -> None:
    """Write what goes, what stays, and what is in the way."""
    for place in PLACES:
        if place.fate != "kept":
            count = found.counts[place.name]
            click.echo(f"{place.fate if count else 'nothing':<8} {count:>6}  {place.name}: {place.because}")
    for place in PLACES:
        if place.fate == "kept":
            click.echo(f"kept             {place.name}: {place.because}")
    for obstacle in found.obstacles:
        click.echo(f"in the way: {obstacle}")
