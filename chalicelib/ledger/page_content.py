"""A page's content by columns, whatever format it is stored in. Pure.

The values of one field are stored together, as a column. A column is decoded only when it is needed, so a search for
repeats reads only the ids.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate, islice, repeat
from typing import Any, Final

import msgspec

from chalicelib.ledger.posting import CREDIT, Content, EventKey, Identity, Leg, Line, Part
from chalicelib.ledger.transaction import Sibling, make_id

COLUMNS: Final[Mapping[str, Any]] = {
    "occurred_at_ms": ...,
    "account_id": None,
    "source": ...,
    "event_id": ...,
    "type": "debit",
    "kind": "usage",
    "amount_micros": ...,
    "sent_amount_micros": None,
    "description": "",
    "meter": None,
    "quantity_micros": None,
    "unit_price_micros": None,
    "url": None,
    "payment_id": None,
    "actor": None,
    "metadata": None,
    "sibling_page": None,
    "sibling_position": None,
    "line_count": 0,
}
"""Columns with a value for each transaction, and the default of a column that is left out. `...`: never left out.

`account_id` is the event's account if it is not the page's; `sent_amount_micros` is the amount that was sent if
`implied_amount` returns another one.
"""

LINE_COLUMNS: Final[Mapping[str, Any]] = {
    "line_meter": ...,
    "line_amount_micros": ...,
    "line_sent_amount_micros": None,
    "line_quantity_micros": None,
    "line_unit_price_micros": None,
    "line_description": "",
}
"""Columns with a value for each line of a receipt: those of the first transaction, then those of the next."""


class SiblingPage(msgspec.Struct, frozen=True, array_like=True):
    """A page that holds siblings of a page's transactions."""

    account_id: str
    latest_ms: int
    first_sequence: int


class Header(msgspec.Struct, frozen=True, array_like=True):
    """What all transactions of a page share. The column `sibling_page` holds indexes into `sibling_pages`."""

    account_id: str
    currency: str
    first_sequence: int
    opening_balance_micros: int
    posted_at_ms: int
    count: int
    sibling_pages: tuple[SiblingPage, ...] = ()


def implied_amount(quantity_micros: int | None, line_count: int, amount_micros: int) -> int | None:
    """Return the amount that was sent, unless a page stores another one: None if a quantity or lines were sent."""
    return amount_micros if quantity_micros is None and not line_count else None


class PageContent:
    """A page's columns. `stored` takes a column's name and number of values; it returns None for a column left out."""

    def __init__(self, header: Header, stored: Callable[[str, int], list[Any] | None]) -> None:
        self.header = header
        self._stored = stored

    def column(self, name: str) -> list[Any]:
        """Return all values of a field, one for each transaction, in posting order."""
        found = self._stored(name, self.header.count)
        return list(repeat(COLUMNS[name], self.header.count)) if found is None else found

    def times(self) -> list[int]:
        """Return the times of the events in milliseconds, ascending."""
        return self.column("occurred_at_ms")

    def accounts(self) -> list[str]:
        """Return the account that each event is about."""
        own = self.header.account_id
        return [own if account_id is None else account_id for account_id in self.column("account_id")]

    def keys(self) -> Iterator[EventKey]:
        """Return the key by which each event is looked up."""
        return zip(self.accounts(), self.column("source"), self.column("event_id"), strict=True)

    def identities(self) -> list[Identity]:
        """Return the identity of each event."""
        names = (self.accounts(), self.column("source"), self.column("event_id"), self.times())
        return list(map(Identity, *names))

    def signed_amounts(self) -> list[int]:
        """Return what each transaction adds to the balance."""
        pairs = zip(self.column("type"), self.column("amount_micros"), strict=True)
        return [amount if direction == CREDIT else -amount for direction, amount in pairs]

    def legs(self) -> list[Leg]:
        """Return what each posting did to this wallet."""
        fields = (self.column("type"), self.column("amount_micros"), self.column("unit_price_micros"))
        return list(map(Leg, repeat(self.header.account_id), *fields, self.lines()))

    def lines(self) -> list[tuple[Line, ...]]:
        """Return the lines of each transaction; most have none."""
        counts = self.column("line_count")
        names = ("meter", "amount_micros", "quantity_micros", "unit_price_micros", "description")
        return self._by_transaction(counts, Line, [f"line_{name}" for name in names])

    def descriptions(self) -> list[tuple[str, ...]]:
        """Return the description of each transaction, and of its lines."""
        own, counts = self.column("description"), self.column("line_count")
        if not any(counts):
            return [(each,) for each in own]
        lines = _cut(iter(self._line_column("line_description")), counts)
        return [(each, *more) for each, more in zip(own, lines, strict=True)]

    def parts(self) -> list[tuple[Part, ...]]:
        """Return the parts of each receipt as they were sent."""
        counts = self.column("line_count")
        if not any(counts):
            return [()] * len(counts)
        quantities, amounts = self._line_column("line_quantity_micros"), self._line_column("line_amount_micros")
        amounts_sent = [
            implied_amount(quantity, 0, amount) if sent is None else sent
            for sent, quantity, amount in zip(
                self._line_column("line_sent_amount_micros"), quantities, amounts, strict=True
            )
        ]
        meters, descriptions = self._line_column("line_meter"), self._line_column("line_description")
        return _cut(map(Part, meters, quantities, amounts_sent, descriptions), counts)

    def contents(self) -> list[Content]:
        """Return what was sent with each event."""
        quantities, counts = self.column("quantity_micros"), self.column("line_count")
        amounts = [
            implied_amount(quantity, count, amount) if sent is None else sent
            for sent, quantity, count, amount in zip(
                self.column("sent_amount_micros"), quantities, counts, self.column("amount_micros"), strict=True
            )
        ]
        names = ("kind", "description", "meter")
        more = ("url", "payment_id", "metadata")
        return list(map(Content, *map(self.column, names), quantities, amounts, *map(self.column, more), self.parts()))

    def siblings(self) -> list[Sibling | None]:
        """Return each transaction's sibling.

        Siblings are in the same order in their own page, mostly without gaps. The stored value is how far each one is
        from where it would be without gaps.
        """
        pages = self.header.sibling_pages
        if not pages:
            return [None] * self.header.count
        found: list[Sibling | None] = []
        passed = [0] * len(pages)
        for number, offset in zip(self.column("sibling_page"), self.column("sibling_position"), strict=True):
            if number is None:
                found.append(None)
                continue
            page, position = pages[number], passed[number] + offset
            passed[number] += 1
            found.append(Sibling(page.account_id, make_id(page.latest_ms, page.first_sequence, position)))
        return found

    def balances(self) -> list[int]:
        """Return the balance after each transaction."""
        return list(islice(accumulate(self.signed_amounts(), initial=self.header.opening_balance_micros), 1, None))

    def _line_column(self, name: str) -> list[Any]:
        count = sum(self.column("line_count"))
        found = self._stored(name, count)
        return [LINE_COLUMNS[name]] * count if found is None else found

    def _by_transaction(self, counts: list[int], make: Callable[..., Any], names: list[str]) -> list[tuple[Any, ...]]:
        if not any(counts):
            return [()] * len(counts)
        return _cut(map(make, *map(self._line_column, names)), counts)


def _cut(values: Iterator[Any], counts: list[int]) -> list[tuple[Any, ...]]:
    """Divide the values among the transactions: each gets as many as it has lines."""
    return [tuple(islice(values, count)) for count in counts]
