"""A table of what accounts, producers and Stripe have written, as text."""

from rich.table import Column, Table
from rich.text import Text


class PlainTable(Table):
    """A table that shows texts as they are.

    Nothing in them is markup of rich's, which would raise an error at `[/any]` and leave out `[any]`. What is too long
    for its column goes on in the next line: ids are never cut off, because the next command needs them.
    """

    def __init__(self, *columns: str | Column) -> None:
        super().__init__(*(Column(each, overflow="fold") if isinstance(each, str) else each for each in columns))

    def add_texts(self, *texts: str) -> None:
        """Add a row."""
        self.add_row(*map(Text, texts))
