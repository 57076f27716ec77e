"""A bundle: all documents of a year in one ZIP, with an index. Values and rules. Pure.

Its key in the bucket has the hash of its index, which names all that is in it: the same documents make the same bundle.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal

import msgspec

from chalicelib.clock import day_of, to_ms
from chalicelib.errors import Refusal
from chalicelib.invoices.invoice import Invoice
from chalicelib.money import format_amount
from chalicelib.payments.payment import Payment

FIRST_YEAR: Final = 2020
"""Before any invoice of this system."""

MADE_AT_ONCE: Final = 40
"""Documents of a bundle that a request makes itself: about 0.1 seconds each if they have to be drawn."""

WAITED_MS: Final = 30 * 60 * 1000
"""How long a bundle may be in the making before it is asked for again."""

INDEX: Final = "index.csv"
COLUMNS: Final = (
    "number",
    "date",
    "kind",
    "purpose",
    "amount",
    "currency",
    "tax_name",
    "tax_amount",
    "payment_id",
    "credits",
    "file",
)
MISSING: Final = "missing"
"""The kind of a row for a payment whose invoice or credit note could not be issued."""

State = Literal["none", "being_made", "ready"]


class BundleYearInvalid(Refusal):
    """Not a year in which the account may have documents."""

    status = 404
    type = "bundle-not-found"
    title = "No such year"

    def __init__(self, year: str, first: int, last: int) -> None:
        super().__init__(f"{year[:10]!r} is no year from {first} to {last}", first=first, last=last)


class BundleNotReady(Refusal):
    """The bundle is not made yet, or not any more."""

    status = 409
    type = "bundle-not-ready"
    title = "The bundle is not ready"

    def __init__(self, year: int) -> None:
        super().__init__("ask for it with POST, and for its state with GET", year=year)


class Bundle(msgspec.Struct, frozen=True):
    """The bundle of a year that was asked for last: the hash of its index, and how many documents are in it."""

    account_id: str
    year: int
    index_hash: str
    documents: int
    asked_at_ms: int


class Contents(msgspec.Struct, frozen=True):
    """What is in a bundle: its documents by number, and the payments of the year that have none."""

    documents: list[Invoice]
    purposes: Mapping[str, str]
    missing: Sequence[Payment]

    @property
    def index(self) -> str:
        """Return the index as CSV for programs."""
        text = io.StringIO()
        csv.writer(text).writerows([COLUMNS, *self._rows()])
        return text.getvalue()

    @property
    def index_hash(self) -> str:
        """Return what identifies the bundle."""
        return sha256(self.index.encode()).hexdigest()

    def _rows(self) -> Iterator[Sequence[str]]:
        for each in self.documents:
            tax = each.tax
            yield (
                each.number,
                day_of(each.issued_at_ms),
                each.kind,
                self.purposes.get(each.payment_id, ""),
                format_amount(each.total_micros, each.currency),
                each.currency,
                tax.name if tax else "",
                format_amount(tax.amount_micros, each.currency) if tax else "",
                each.payment_id,
                each.credits or "",
                file_name(each),
            )
        for paid in self.missing:
            amount = format_amount(paid.amount_micros, paid.currency)
            date = day_of(paid.created_at_ms)
            yield ("", date, MISSING, paid.kind, amount, paid.currency, "", "", paid.payment_id, "", "")


def file_name(invoice: Invoice) -> str:
    """Return the name of a document in a bundle."""
    return f"{day_of(invoice.issued_at_ms)}_{invoice.number}.pdf"


def contents_of(documents: list[Invoice], payments: Iterable[Payment], missing: Iterable[Payment]) -> Contents:
    """Return the contents of a bundle, in an order that depends on them alone."""
    purposes = {each.payment_id: str(each.kind) for each in payments}
    ordered = sorted(missing, key=lambda payment: payment.payment_id)
    return Contents(sorted(documents, key=lambda each: each.sequence), purposes, ordered)


def read_year(text: str, first: int, last: int) -> int:
    """Read a year. Raises BundleYearInvalid."""
    years = {str(year): year for year in range(first, last + 1)}
    if text not in years:
        raise BundleYearInvalid(text, first, last)
    return years[text]


def span_of(year: int) -> tuple[int, int]:
    """Return the beginning and the exclusive end of a year in UTC."""
    start, end = (to_ms(datetime(each, 1, 1, tzinfo=UTC)) for each in (year, year + 1))
    return start, end


def state_of(bundle: Bundle | None, *, is_stored: bool, now_ms: int) -> State:
    """Return how far a bundle is."""
    if is_stored:
        return "ready"
    return "being_made" if bundle and now_ms < bundle.asked_at_ms + WAITED_MS else "none"
