"""`ops stripe first-day`."""

import sys

import click
from rich.table import Column

from chalicelib.settings import settings
from ops import secret_store
from ops.console import UNREAD, WRONG, new_table, out
from ops.first_day.steps import clean_up
from ops.first_day.trial import Result, new_trial, record, run_trial
from ops.first_day.wire import STRIPE, NotATestKey, Unreachable, Wire


@click.command("first-day")
@click.option("--ask-key", is_flag=True, help="Ask for a test key, in place of a deployment's.")
@click.option("--webhook-url", help="A public URL that answers 200, such as a tunnel's: try a webhook, too.")
@click.option("--connect", is_flag=True, help="Open a connected account and delete it again, too.")
@click.option("--api-base", help="Try at this server, such as an emulator, in place of Stripe's.")
@click.option("--record", "is_recording", is_flag=True, help="Keep an emulator's answers as those to be expected.")
def first_day(
    *, ask_key: bool, webhook_url: str | None, connect: bool, api_base: str | None, is_recording: bool
) -> None:
    """Try at Stripe, with a test key, what the emulator claims, and show what differs. Refuses live keys.

    Exits with 1 if anything differs, with 2 if Stripe cannot be reached.
    """
    base = api_base or (None if ask_key else settings().stripe_api_base) or STRIPE
    if is_recording and base == STRIPE:
        raise click.UsageError("only an emulator is recorded: give --api-base")
    key = click.prompt("Test key (sk_test_...)", hide_input=True) if ask_key else _key_of_deployment()
    try:
        results = _try(Wire(key, base), webhook_url=webhook_url, with_connect=connect)
    except NotATestKey as refused:
        raise click.ClickException(f"this is only for a key of test mode: {refused}") from None
    except Unreachable as error:
        click.echo(str(error), err=True)
        sys.exit(UNREAD)
    if is_recording:
        record(results)
        return
    _show(results)
    sys.exit(WRONG if any(each.differences for each in results) else 0)


def _key_of_deployment() -> str:
    """Return the deployment's key, if neither of its keys is of live mode."""
    try:
        values = secret_store.load(settings().secret_id)
    except secret_store.SecretStoreError as error:
        raise click.ClickException(str(error)) from None
    keys = [str(values.get(name, "")) for name in ("stripe_secret_key", "stripe_publishable_key")]
    if any("_live_" in key for key in keys):
        raise click.ClickException("this deployment has a live key: nothing is tried on it")
    return keys[0]


def _try(wire: Wire, *, webhook_url: str | None, with_connect: bool) -> list[Result]:
    """Run all steps, and clean up whatever happens."""
    trial = new_trial(wire, webhook_url=webhook_url, with_connect=with_connect)
    try:
        return [*run_trial(trial)]
    finally:
        for identifier in clean_up(trial):
            click.echo(f"{identifier} could not be deleted: delete it in the dashboard", err=True)


def _show(results: list[Result]) -> None:
    table = new_table(
        "step", *(Column(name, overflow="fold") for name in ("expected", "got")), Column("verdict", no_wrap=True)
    )
    for each in results:
        table.add_row(each.step, each.expected, each.got, each.verdict)
    out.print(table)
    for each in results:
        for difference in each.differences or ():
            out.print(f"{each.step}: {difference}")
