"""Tables of quantities and dollars, as lines of Markdown. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from benchmarks.capacity_model import total_dollars
from benchmarks.capacity_prices import PRICES, dollars

Rows = Iterator[str]


def money(amount: float) -> str:
    """Return dollars as they are read: cents only where they matter."""
    return f"${amount:,.2f}" if amount < 10 else f"${amount:,.0f}"


def number(value: float) -> str:
    """Return a number with three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Rows:
    """Yield the lines of a table."""
    names = [*head]
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def bill(spent: Mapping[str, float]) -> Rows:
    """Yield a table of what is spent, the dearest first; what costs less than a cent is left out."""
    dear = sorted(spent, key=lambda name: -dollars(name, spent[name]))
    rows = [(PRICES[name].what, number(spent[name]), money(dollars(name, spent[name]))) for name in dear]
    rows = [row for row, name in zip(rows, dear, strict=True) if dollars(name, spent[name]) >= 0.01]
    yield from table(
        ("a month", "quantity", "costs"), [*rows, ("**together**", "", f"**{money(total_dollars(spent))}**")]
    )
