"""The command `ops export`."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from chalicelib.accounts.account import AccountNotFound
from ops.console import WRONG
from ops.exporting.export_account import ExportComplete, ExportRunning, Manifest, export_account


@click.command("export")
@click.argument("account")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="A directory; the export is the directory of the account's id in it.",
)
@click.option("--replace", is_flag=True, help="Make a complete export again.")
def export(*, account: str, to: Path, replace: bool) -> None:
    """Export everything about an account, as its own people may see it: JSON lines, CSV, and its documents.

    A run that was cut off is resumed by the next. Exits with 1 if anything could not be read, or does not add up.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(name: str) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=None)
            bar.advance(tasks[name])

        try:
            directory, manifest = export_account(account, to, advance, replace=replace)
        except (AccountNotFound, ExportComplete, ExportRunning, OSError) as error:
            raise click.ClickException(str(error)) from None
    _print(directory, manifest)
    sys.exit(0 if manifest.is_whole else WRONG)


def _print(directory: Path, manifest: Manifest) -> None:
    for each in manifest.files:
        if each.name.endswith(".jsonl") and each.rows:
            bad = f", {each.unreadable} cannot be read" if each.unreadable else ""
            click.echo(f"{each.rows:>8} {each.name.removesuffix('.jsonl')}{bad}")
    click.echo(f"{len(manifest.documents):>8} documents as PDF")
    for number in manifest.documents_missing:
        click.echo(f"document {number} is missing: it cannot be read or drawn")
    agrees = "agrees with the balance" if manifest.agrees else f"DOES NOT agree with the balance {manifest.balance}"
    click.echo(f"{manifest.transactions} transactions, {manifest.sum_of_transactions} {manifest.currency}: {agrees}")
    click.echo(f"in {directory}")
