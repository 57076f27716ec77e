"""What the commands print to, and the exit statuses that they have in common."""

from collections.abc import Iterable
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Column, Table

WRONG: Final = 1
"""Something is wrong, or could not be done."""

UNREAD: Final = 2
"""Stripe, or the secret, could not be reached."""

ItemT = TypeVar("ItemT")


def console(width: int | None = None) -> Console:
    """Return a console that shows texts as they are: producers and customers write them, with brackets and colons."""
    return Console(soft_wrap=True, markup=False, emoji=False, width=width)


out: Final = console()


def new_table(*columns: str | Column, title: str | None = None) -> Table:
    """Return a table that cuts nothing off: what is too long for its column goes on in the next line."""
    return Table(*(Column(each, overflow="fold") if isinstance(each, str) else each for each in columns), title=title)


def tracked(items: Iterable[ItemT], doing: str) -> Iterable[ItemT]:
    """Yield items, and show on the standard error how far that is."""
    return track(items, doing, console=Console(stderr=True))
