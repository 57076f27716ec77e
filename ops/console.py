"""The console that commands print to. What others have written, such as reasons and ids, is shown as it is.

Rich would read a text in brackets as markup: it leaves out `[red]`, and fails on `[/payments]`.
"""

from rich.console import Console


def new_console(width: int | None = None) -> Console:
    """Return a console that wraps nothing; `width` is that of its tables, where nobody looks at a terminal."""
    return Console(soft_wrap=True, width=width, markup=False, emoji=False)
