"""What a person sees and is asked."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infrastructure.deploy.changes import Change, Group, group
from infrastructure.deploy.events import Event, Outcome
from infrastructure.deploy.releases import Release

NAMES_SHOWN: Final = 6
out: Final = Console(soft_wrap=True)
WIDTH_OF_LOGS: Final = 160


def show_changes(changes: Sequence[Change]) -> None:
    """Show what would be done, and loudly what would be lost."""
    table = Table("", "what", "how many", "which", "because of", box=None, header_style="bold", pad_edge=False)
    for row in group(changes):
        table.add_row(
            f"[{_style(row)}]{row.verb}[/]",
            row.type,
            str(len(row.names)),
            escape(_names(row)),
            escape(", ".join(row.what)),
        )
    Console(width=None if out.is_terminal else WIDTH_OF_LOGS).print(table)
    for change in changes:
        if change.loses_content:
            name = f"{change.logical_id} ({change.name})" if change.name else change.logical_id
            out.print(f"[bold white on red] {change.verb.upper()} [/] [bold red]{escape(name)}: {_loss(change)}[/]")


def show_failures(outcome: Outcome) -> None:
    """Show what failed first, with its reason."""
    out.print(f"[bold red]It failed: the stack is {outcome.status}.[/]")
    for event in outcome.failures:
        out.print(f"  [red]{escape(event.logical_id)}[/] ({event.type}): {escape(event.reason)}")


def show_outputs(outputs: Mapping[str, str]) -> None:
    """Show a stack's outputs."""
    width = max(map(len, outputs), default=0)
    for name, value in sorted(outputs.items()):
        out.print(f"{name:{width}}  [bold]{escape(value)}[/]")


def show_releases(releases: Sequence[Release], live: Release | None) -> None:
    """Show the releases, and which is live."""
    table = Table("release", "deployed at", "", box=None, header_style="bold", pad_edge=False)
    for each in releases:
        table.add_row(str(each.number), each.at, "[green]live[/]" if live == each else "")
    out.print(table)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[Event], None]]:
    """Show events as a bar on a terminal, as lines elsewhere; a failure is always a line of its own."""
    done: set[str] = set()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, disable=not out.is_terminal) as bar:
        task = bar.add_task(title, total=total)

        def show(event: Event) -> None:
            if event.is_failure:
                out.print(f"[red]{escape(event.logical_id)} failed: {escape(event.reason)}[/]")
            if event.is_of_stack and not out.is_terminal:
                out.print(f"{escape(event.logical_id)}: {event.status}")
            if event.is_done:
                done.add(event.logical_id)
                bar.update(task, completed=min(len(done), total), description=f"{title} {event.logical_id}")

        yield show


def confirm(question: str, *, yes: bool) -> bool:
    """Ask a yes-or-no question; with `yes` it is answered."""
    if yes:
        out.print(f"{question} yes")
        return True
    return click.confirm(question)


def ask_parameter(name: str, description: str, default: str | None) -> str:
    """Ask for a parameter; without a default it has to be answered."""
    out.print(f"\n[bold]{name}[/]: {escape(description)}")
    answer: str = click.prompt(name, default=default, show_default=bool(default))
    return answer.strip()


def _style(row: Group) -> str:
    if row.is_loud:
        return "bold red" if row.verb != "may REPLACE" else "yellow"
    return {"add": "green", "adopt": "green", "change": "yellow"}.get(row.verb, "dim")


def _names(row: Group) -> str:
    # Versions, layers and deployments end in a hash, which says nothing to a person.
    shown = [re.sub(r"(Version|Deployment)[0-9a-f]{10}$", r"\1", name) for name in row.names[:NAMES_SHOWN]]
    more = len(row.names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _loss(change: Change) -> str:
    if change.action == "Remove":
        kept = "it is kept, but nothing would read or write it any more" if change.keeps else "its content is gone"
        return f"the template has it no longer; {kept}"
    return "an empty one takes its place"
