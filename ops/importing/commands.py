"""The commands of `ops import`."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from chalicelib import clock, tables
from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.table import WalletRow
from chalicelib.money import parse_micros, parse_signed_micros
from chalicelib.readable import read_each
from chalicelib.typed import json_decoder
from ops.console import WRONG
from ops.environment import system_id
from ops.importing.carry_out import Verb, carry_out
from ops.importing.create_accounts import create_accounts
from ops.importing.match_customers import match_customers, read_owners
from ops.importing.post_rows import post_balances, post_transactions
from ops.importing.record import (
    AccountRecord,
    BadRecord,
    BalanceRecord,
    CustomerRecord,
    Record,
    TransactionRecord,
    record_of,
)
from ops.importing.report import Report, compare_balance, total_line
from ops.importing.source_file import SourceRow, UnreadableFile, read_rows
from ops.importing.staging import InUse, OtherKind, Staging, open_staging

SHOWN: Final = 100
"""Problems that are shown one by one; all of them go to the file that `--problems` names."""

CHECKED_AT_ONCE: Final = 100

FILE: Final = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@dataclass(frozen=True)
class Choices:
    """The argument and the options of a command that imports."""

    file: Path
    dry_run: bool
    again: bool
    problems: Path | None

    @property
    def writes(self) -> bool:
        """Tell whether rows are written."""
        return not self.dry_run

    @property
    def state(self) -> Path:
        """Return the database of the run. A dry run has its own, so that it leaves no note of what it did not do."""
        return self.file.with_name(f"{self.file.name}.{'dry-run' if self.dry_run else 'import'}")


@click.group("import")
def importing() -> None:
    """Import accounts, opening balances, history and Stripe customers: CSV or JSON lines.

    Every command names each bad row by its line, goes on with the good ones, and may be repeated.
    """


def _in_a_directory(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file whose directory is not there before a row is imported, not after the last one."""
    if path is not None and not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no directory {path.parent}")
    return path


def _command(name: str) -> Callable[[Callable[[Choices], None]], click.Command]:
    """Make a function the command of this name, with the options of all that import."""

    def decorate(function: Callable[[Choices], None]) -> click.Command:
        @importing.command(name, help=function.__doc__)
        @FILE
        @click.option("--dry-run", is_flag=True, help="Check every row and write nothing.")
        @click.option("--again", is_flag=True, help="Look again at rows that an earlier run has noted as imported.")
        @click.option(
            "--problems",
            type=click.Path(dir_okay=False, path_type=Path),
            callback=_in_a_directory,
            help="Write every problem, with its line, to a file.",
        )
        def command(**options: Any) -> None:
            function(Choices(**options))

        return command

    return decorate


@_command("accounts")
def import_accounts(choices: Choices) -> None:
    """Create accounts, or match those that exist: what exists is not changed."""
    _import(choices, AccountRecord, partial(create_accounts, catalog=catalog(), write=choices.writes))


@_command("balances")
def import_balances(choices: Choices) -> None:
    """Post what each account's wallet begins with: one opening balance an account, which may be negative."""
    _import(choices, BalanceRecord, partial(post_balances, write=choices.writes))


@_command("transactions")
def import_transactions(choices: Choices) -> None:
    """Post transactions of the past at their own times. With the opening balance they sum up to the balance."""
    _import(choices, TransactionRecord, partial(post_transactions, write=choices.writes))


@_command("customers")
def import_customers(choices: Choices) -> None:
    """Take over customers at Stripe and the cards that they pay with, after asking Stripe about each."""
    _import(choices, CustomerRecord, partial(match_customers, owners=read_owners(), write=choices.writes))


@importing.command("check")
@FILE
def check_balances(file: Path) -> None:
    """Compare the balances of a file with the wallets, account by account and in total. Exits with 1 if any differ."""
    wrong = 0
    expected: dict[str, int] = {}
    found: dict[str, int] = {}
    batch: list[BalanceRecord] = []
    with _progress() as bar:
        task = bar.add_task("Comparing", total=None)
        for row, record in _or_error(_read(file, BalanceRecord)):
            if not isinstance(record, BalanceRecord):
                click.echo(f"line {row.line}: {record}")
                wrong += 1
                continue
            batch.append(record)
            if len(batch) == CHECKED_AT_ONCE:
                wrong += _compare(batch, expected, found)
                bar.advance(task, len(batch))
                batch = []
        wrong += _compare(batch, expected, found)
        bar.advance(task, len(batch))
    for currency in sorted(expected):
        click.echo(total_line(currency, expected[currency], found.get(currency, 0)))
    click.echo(f"{wrong} differences")
    sys.exit(WRONG if wrong else 0)


def _or_error(rows: Iterator[tuple[SourceRow, Record | str]]) -> Iterator[tuple[SourceRow, Record | str]]:
    try:
        yield from rows
    except UnreadableFile as error:
        raise click.ClickException(str(error)) from None


def _compare(batch: list[BalanceRecord], expected: dict[str, int], found: dict[str, int]) -> int:
    """Compare a batch with the wallets, print each difference, add to the totals, and return how many differ."""
    balances, unread = _read_balances(sorted({record.account_id for record in batch}))
    wrong = 0
    for record in batch:
        micros = parse_signed_micros(record.balance)
        expected[record.currency] = expected.get(record.currency, 0) + micros
        if record.account_id in balances:
            currency, here = balances[record.account_id]
            found[currency] = found.get(currency, 0) + here
        difference = compare_balance(record.account_id, record.currency, micros, balances)
        if difference:
            click.echo(f"{record.account_id}: its wallet cannot be read" if record.account_id in unread else difference)
            wrong += 1
    return wrong


def _read_balances(account_ids: list[str]) -> tuple[dict[str, tuple[str, int]], list[str]]:
    """Read the balances of wallets that exist, and which wallets cannot be read."""
    rows = tables.read_rows({WalletRow: account_ids}) if account_ids else tables.Rows({WalletRow: []})

    def balance_of(account_id: str) -> tuple[str, int] | None:
        row = rows.find(WalletRow, account_id)
        return (row.currency, int(row.balance_micros)) if row else None

    found, unread = read_each(account_ids, balance_of, what="wallet")
    return {account_id: balance for account_id, balance in found.items() if balance}, unread


def _import(choices: Choices, kind: type[Record], verb: Verb) -> None:
    """Stage a file and carry out its rows; print a report, and exit with 1 unless every row is imported."""
    report = Report()
    with _open(choices, kind) as staging:
        _stage(choices.file, kind, staging)
        report.repeated, report.bad, report.before = staging.counts.repeated, staging.counts.bad, staging.count_done()
        report.rows = staging.counts.staged + report.repeated + report.bad
        for results in _tracked(carry_out(staging, verb), staging):
            for each in results:
                report.done += each.outcome == "done"
                report.before += each.outcome == "before"
                report.refused += each.outcome == "refused"
        _add_totals(report, kind, staging)
        _show_problems(staging, choices.problems)
    if choices.dry_run:
        click.echo("a dry run: nothing was written; 'imported' means 'would be'")
    for line in report.lines():
        click.echo(line)
    sys.exit(0 if report.is_complete else WRONG)


@contextmanager
def _open(choices: Choices, kind: type[Record]) -> Iterator[Staging]:
    try:
        with open_staging(
            choices.state, kind.__name__, system_id(), again=choices.again, is_kept=choices.writes
        ) as staging:
            yield staging
    except (InUse, OtherKind, UnreadableFile) as error:
        raise click.ClickException(str(error)) from None


def _stage(file: Path, kind: type[Record], staging: Staging) -> None:
    with _progress() as bar:
        task = bar.add_task("Reading", total=None)
        for line in staging.add(_read(file, kind)):
            bar.update(task, completed=line)


def _read(file: Path, kind: type[Record]) -> Iterator[tuple[SourceRow, Record | str]]:
    """Yield each row with its record, or with what is wrong with it."""
    now_ms = clock.now_ms()
    for row in read_rows(file):
        try:
            yield row, row.problem or record_of(row.fields, kind, now_ms)
        except BadRecord as error:
            yield row, str(error)


def _add_totals(report: Report, kind: type[Record], staging: Staging) -> None:
    """Add the amounts of the file's rows, and of those that are in the ledger."""
    if kind not in {BalanceRecord, TransactionRecord}:
        return
    decoder = json_decoder(kind)
    for record, outcome in staging.records():
        currency, micros = _amount_of(decoder.decode(record))
        report.in_file[currency] += micros
        if outcome == "done":
            report.in_ledger[currency] += micros


def _amount_of(record: Any) -> tuple[str, int]:
    if isinstance(record, BalanceRecord):
        return record.currency, parse_signed_micros(record.balance)
    micros = parse_micros(record.amount)
    return record.currency, micros if record.type == "credit" else -micros


def _show_problems(staging: Staging, to: Path | None) -> None:
    shown = 0
    with to.open("w") if to else nullcontext() as file:
        for line, why in staging.problems():
            shown += 1
            if file:
                file.write(f"line {line}: {why}\n")
            if shown <= SHOWN:
                click.echo(f"line {line}: {why}")
    if shown > SHOWN:
        click.echo(f"and {shown - SHOWN} more" + ("" if to else ": --problems FILE writes them all"))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))


def _tracked(results: Iterable[list[Any]], staging: Staging) -> Iterator[list[Any]]:
    done = staging.count_done()
    with _progress() as bar:
        task = bar.add_task("Importing", total=done + staging.count_left(), completed=done)
        for each in results:
            yield each
            bar.advance(task, len(each))
