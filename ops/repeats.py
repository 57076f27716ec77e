"""Usage that was charged again with another time: show what the nightly audit has found, and for which accounts."""

import heapq
from collections import Counter
from collections.abc import Iterator

import click
from rich.table import Table

from chalicelib.audit.repeats import Repeat
from chalicelib.audit.table import read_repeats
from chalicelib.clock import iso
from chalicelib.money import format_amount
from ops.console import new_table, out

Group = tuple[str, str, str]
"""A source, a currency, and a state of repeats."""


@click.command("repeats")
@click.option("--account", "account_id", help="Only those of one account.")
@click.option("--limit", default=20, show_default=True, help="How many of the newest to list; the totals are of all.")
def show_repeats(account_id: str | None, limit: int) -> None:
    """Show usage that was charged again, with totals by source.

    A producer with many repeats sends the time of sending.
    """
    counts: Counter[Group] = Counter()
    amounts: Counter[Group] = Counter()
    newest = heapq.nlargest(limit, _counted(read_repeats(account_id), counts, amounts), key=_newest_first)
    out.print(_list(newest))
    out.print(_totals(counts, amounts))


def _counted(repeats: Iterator[Repeat], counts: Counter[Group], amounts: Counter[Group]) -> Iterator[Repeat]:
    """Yield the repeats, and add each to the totals."""
    for repeat in repeats:
        group = (repeat.source, repeat.currency, repeat.state)
        counts[group] += 1
        amounts[group] += repeat.amount_micros
        yield repeat


def _newest_first(repeat: Repeat) -> tuple[int, int, str]:
    return repeat.found_at_ms, repeat.occurred_at_ms, repeat.transaction_id


def _list(repeats: list[Repeat]) -> Table:
    table = new_table("account", "source", "id", "time", "first time", "amount", "transaction", "state")
    for each in repeats:
        table.add_row(
            each.account_id,
            each.source,
            each.event_id,
            iso(each.occurred_at_ms),
            iso(each.original_occurred_at_ms),
            f"{format_amount(each.amount_micros, each.currency)} {each.currency}",
            each.transaction_id,
            each.state,
        )
    return table


def _totals(counts: Counter[Group], amounts: Counter[Group]) -> Table:
    table = new_table("source", "state", "repeats", "amount")
    for group, count in counts.most_common():
        source, currency, state = group
        table.add_row(source, state, str(count), f"{format_amount(amounts[group], currency)} {currency}")
    return table
