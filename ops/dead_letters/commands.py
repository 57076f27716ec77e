"""The commands for dead letters."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from chalicelib import clock
from ops.console import WRONG, new_table, out
from ops.dead_letters.groups import Group, add_to_groups, age, printable
from ops.dead_letters.letter import Letter
from ops.dead_letters.letter_filter import LetterFilter
from ops.dead_letters.queue import MOST_HELD, Walk, count, send_back

MANY = 1_000
"""From this many letters on, a progress bar is shown."""
CHUNK = 1_000
"""How many letters are discarded between two updates of the progress bar."""

Command = Callable[..., Any]
Advance = Callable[[int], None]


def choosing(command: Command) -> Command:
    """Add the options that choose letters to a command, which receives them as `letter_filter` and `limit`."""
    options = (
        click.option("--reason", "reasons", multiple=True, help="Only letters of this reason."),
        click.option("--account", "accounts", multiple=True, help="Only letters about this account."),
        click.option("--source", "sources", multiple=True, help="Only letters about this source of events."),
        click.option("--id", "ids", multiple=True, help="Only the letter of this message id or event id."),
        click.option("--except", "except_ids", multiple=True, help="Leave out this message id or event id."),
        click.option(
            "--limit", type=click.IntRange(1, MOST_HELD), default=10_000, show_default=True, help="At most so many."
        ),
    )

    @wraps(command)
    def chosen(
        *, reasons: Any, accounts: Any, sources: Any, ids: Any, except_ids: Any, limit: int, **others: Any
    ) -> None:
        letter_filter = LetterFilter(*map(frozenset, (reasons, accounts, sources, ids, except_ids)))
        command(letter_filter=letter_filter, limit=limit, **others)

    for option in reversed(options):
        option(chosen)
    return chosen


@click.group("dead-letters")
def dead_letters() -> None:
    """Usage messages that could not be posted.

    Options that choose may be repeated: a letter matches any of the values of one option, and all of the options.
    """


@dead_letters.command("show")
@choosing
@click.option("--messages", is_flag=True, help="Write each letter with its body, as a line of JSON.")
def show(letter_filter: LetterFilter, limit: int, messages: bool) -> None:
    """Show dead letters by reason and account, with an example of each. They are not moved.

    A message of several events is shown if any of them is chosen.
    """
    groups: dict[tuple[str, str], Group] = {}
    with Walk() as walk, progress("Reading", limit) as advance:
        for letters in chosen_letters(walk, letter_filter.matches_any, limit, advance):
            add_to_groups(groups, letters)
            if messages:
                write_lines(letters)
    if not messages:
        print_groups(groups)
    shown = sum(group.count for group in groups.values())
    click.echo(f"{shown:,} shown; about {count():,} in all", err=True)


@dead_letters.command("send-back")
@choosing
def send_back_chosen(letter_filter: LetterFilter, limit: int) -> None:
    """Send dead letters back to the usage queue, once their cause is fixed; all of them if none are chosen.

    A message of several events is sent back if any of them is chosen. Nothing is charged twice. Letters that arrive
    while this runs are left alone. Exits with 1 if one could not be sent.
    """
    sent: Counter[str] = Counter()
    unsent: Counter[str] = Counter()
    with Walk() as walk, progress("Sending back", limit) as advance:
        for letters in chosen_letters(walk, letter_filter.matches_any, limit, advance):
            done, failed = send_back(walk, letters)
            sent.update(letter.reason for letter in done)
            unsent.update(letter.reason for letter in failed)
    print_counts("sent back", sent)
    end(walk, "could not be sent back, and stay", unsent)


@dead_letters.command("discard")
@choosing
@click.option("--all", "everything", is_flag=True, help="Discard them all, but exceptions.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def discard(letter_filter: LetterFilter, limit: int, everything: bool, yes: bool) -> None:
    """Discard dead letters permanently: their usage is never charged.

    A message of several events is discarded only if all of them are chosen, or if its message id is. To keep a copy,
    write them to a file first: show --messages. Exits with 1 if one could not be discarded, or you answer no.
    """
    if letter_filter.has_conditions == everything:
        raise click.UsageError("say which to discard, or give --all")
    with Walk() as walk:
        touched = read_without_bodies(walk, letter_filter, limit)
        chosen = [letter for letter in touched if letter_filter.matches_all(letter)]
        print_counts(
            "hold events that are not chosen, too, and stay", by_reason(touched) - by_reason(chosen), even_none=False
        )
        print_counts("chosen", by_reason(chosen))
        if chosen and not yes and not click.confirm("Discard them for ever?", err=True):
            sys.exit(WRONG)
        gone = discard_all(walk, chosen)
    print_counts("discarded", by_reason(gone))
    end(walk, "could not be discarded, and may still be there", by_reason(chosen) - by_reason(gone))


def read_without_bodies(walk: Walk, letter_filter: LetterFilter, limit: int) -> list[Letter]:
    """Return the letters that match the filter. They must fit into memory together."""
    with progress("Reading", limit) as advance:
        return [
            msgspec.structs.replace(letter, body="")
            for letters in chosen_letters(walk, letter_filter.matches_any, limit, advance)
            for letter in letters
        ]


def chosen_letters(
    walk: Walk, is_chosen: Callable[[Letter], bool], limit: int, advance: Advance
) -> Iterator[list[Letter]]:
    """Yield the letters that are chosen, up to a limit, in batches."""
    left = limit
    while left > 0 and (letters := walk.receive(left)):
        chosen = [letter for letter in letters if is_chosen(letter)]
        left -= len(chosen)
        yield chosen
        advance(len(letters))


def discard_all(walk: Walk, letters: list[Letter]) -> list[Letter]:
    """Delete letters; return those that were deleted."""
    gone: list[Letter] = []
    with progress("Discarding", len(letters)) as advance:
        for start in range(0, len(letters), CHUNK):
            chunk = letters[start : start + CHUNK]
            gone += walk.delete(chunk)
            advance(len(chunk))
    return gone


@contextmanager
def progress(description: str, limit: int) -> Iterator[Advance]:
    """Show a progress bar while many letters are processed; its total is approximate."""
    total = count() if limit >= MANY else limit
    with Progress(console=Console(stderr=True), disable=total < MANY) as bar:
        task = bar.add_task(description, total=total)
        yield lambda letters: bar.advance(task, letters)


def by_reason(letters: Iterable[Letter]) -> Counter[str]:
    """Count letters by their reasons."""
    return Counter(letter.reason for letter in letters)


def write_lines(letters: Iterable[Letter]) -> None:
    """Write letters as lines of JSON, for a file or for jq."""
    for letter in letters:
        line = msgspec.to_builtins(letter) | {"sent_at": clock.iso(letter.sent_at_ms)}
        click.echo(msgspec.json.encode(line))


def print_groups(groups: dict[tuple[str, str], Group]) -> None:
    """Print groups, the largest first, then an example of each."""
    now_ms = clock.now_ms()
    largest_first = sorted(groups.values(), key=lambda group: (-group.count, group.reason, group.account))
    table = new_table("letters", "reason", "account", "oldest", "newest")
    for group in largest_first:
        spans = (age(now_ms - group.oldest_ms), age(now_ms - group.newest_ms))
        table.add_row(f"{group.count:,}", group.reason, group.account or "?", *spans)
    out.print(table)
    for group in largest_first:
        out.print(Text(f"{group.reason}: {group.example}"))


def print_counts(done: str, counts: Counter[str], *, even_none: bool = True) -> None:
    """Print what was done, by reason."""
    if not counts and not even_none:
        return
    out.print(f"{counts.total():,} {done}", highlight=False)
    for reason, letters in counts.most_common():
        out.print(Text(f"  {letters:,} {printable(reason)}"))


def end(walk: Walk, trouble: str, failed: Counter[str]) -> None:
    """Print what is left, and exit with 1 if any letter failed."""
    out.print(f"about {count():,} left", highlight=False)
    if walk.came_later:
        out.print(f"{walk.came_later:,} came meanwhile, and were left alone", highlight=False)
    if failed:
        print_counts(trouble, failed)
        sys.exit(WRONG)
