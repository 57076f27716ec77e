"""What moved a wallet in a span of days, and what its balance was before and after it, by the time of the events. Pure.

Usage is taken from the daily totals, so no single event of it is read. Everything else is read from its pages, of which
there are as many as payments and adjustments.
"""

from collections.abc import Iterable, Iterator

import msgspec

from chalicelib.clock import day_of
from chalicelib.ledger.daily_usage import Days, Usage
from chalicelib.ledger.page import Page
from chalicelib.ledger.posting import Direction
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.transaction import Transaction


class Total(msgspec.Struct):
    """How many transactions there were, and what they are together, without sign."""

    count: int = 0
    amount_micros: int = 0

    def add(self, amount_micros: int) -> None:
        """Add a transaction."""
        self.count += 1
        self.amount_micros += amount_micros


class SpanTotals(msgspec.Struct):
    """The totals of a span: usage by meter, all else by direction and kind. `after_micros` is what moved later."""

    opening_micros: int = 0
    usage: dict[str, Usage] = {}
    others: dict[tuple[Direction, str], Total] = {}
    after_micros: int = 0

    @property
    def credits_micros(self) -> int:
        """Return the sum of all credits."""
        return self._sum("credit")

    @property
    def debits_micros(self) -> int:
        """Return the sum of all debits, usage included."""
        return self._sum("debit") + sum(each.amount_micros for each in self.usage.values())

    @property
    def closing_micros(self) -> int:
        """Return the balance at the end of the span."""
        return self.opening_micros + self.credits_micros - self.debits_micros

    @property
    def balance_micros(self) -> int:
        """Return what the wallet's balance must be now."""
        return self.closing_micros + self.after_micros

    def _sum(self, direction: Direction) -> int:
        return sum(total.amount_micros for (each, _), total in self.others.items() if each == direction)


def sum_span(days: Days, pages: Iterable[Page], *, from_ms: int, to_ms: int) -> SpanTotals:
    """Sum up a wallet's whole life for a span of whole days: `from_ms` is included, `to_ms` is not.

    `days` are all of its days, `pages` at least all that hold something other than usage. Raises UnreadablePage.
    """
    totals = SpanTotals()
    _add_days(totals, days, day_of(from_ms), day_of(to_ms))
    for page in pages:
        for time_ms, each in _movements(page, from_ms, to_ms):
            if isinstance(each, int):
                _add_outside(totals, each, is_before=time_ms < from_ms)
            else:
                key = (each.leg.type, each.content.kind)
                totals.others.setdefault(key, Total()).add(each.leg.amount_micros)
    return totals


def _add_days(totals: SpanTotals, days: Days, first: str, end: str) -> None:
    for day, meters in days.items():
        if first <= day < end:
            for meter, usage in meters.items():
                totals.usage.setdefault(meter, Usage()).add(usage)
        else:
            _add_outside(totals, -sum(each.amount_micros for each in meters.values()), is_before=day < first)


def _add_outside(totals: SpanTotals, signed_micros: int, *, is_before: bool) -> None:
    if is_before:
        totals.opening_micros += signed_micros
    else:
        totals.after_micros += signed_micros


def _movements(page: Page, from_ms: int, to_ms: int) -> Iterator[tuple[int, int | Transaction]]:
    """Yield what a page holds besides usage, with its time: of the span as transactions, outside as signed amounts.

    A payment is mostly alone in its page. Then the page's two balances tell its amount, and it need not be opened.
    """
    is_outside = page.latest_ms < from_ms or page.earliest_ms >= to_ms
    if page.count == 1 and page.has_non_usage and is_outside:
        yield page.latest_ms, page.closing_balance_micros - page.opening_balance_micros
        return
    for each in transactions_of(page):
        time_ms = each.identity.occurred_at_ms
        if each.content.meter is None and not each.leg.lines:
            yield time_ms, each if from_ms <= time_ms < to_ms else each.leg.signed_micros
