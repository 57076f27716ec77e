"""The list of invoices: what each was for, what became of it, and which of them are wanted. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from chalicelib.clock import from_ms
from chalicelib.i18n.texts import mark
from chalicelib.invoices.invoice import Invoice
from chalicelib.payments.payment import Payment
from chalicelib.reversals.dispute import INQUIRIES

CREDIT_NOTES: Final = "credit_note"
"""The purpose that selects credit notes; all others are kinds of payments."""

PURPOSES: Final = ("top_up", "auto_pay", "subscription", CREDIT_NOTES)

UNDISPUTED: Final = frozenset({None, "won", "warning_closed", "prevented"})

Status = Literal["paid", "refunded", "partly_refunded", "inquiry", "disputed", "credit_note"]

STATUSES: Final[dict[Status, str]] = {
    "paid": mark("Paid"),
    "refunded": mark("Refunded"),
    "partly_refunded": mark("Partly refunded"),
    "inquiry": mark("Bank inquiry"),
    "disputed": mark("Disputed"),
    "credit_note": mark("Credit note"),
}

TONES: Final[dict[Status, str]] = {"paid": "good", "inquiry": "open", "disputed": "bad"}


class Entry(msgspec.Struct, frozen=True):
    """A document with the payment that it is about."""

    invoice: Invoice
    payment: Payment | None

    @property
    def year(self) -> int:
        """Return the year in which it was issued, in UTC."""
        return from_ms(self.invoice.issued_at_ms).year

    @property
    def status(self) -> Status:
        """Return what became of its money."""
        if self.invoice.kind == "credit_note":
            return "credit_note"
        return "paid" if self.payment is None or self.invoice.credits else status_of(self.payment)


class Selection(msgspec.Struct, frozen=True):
    """Which invoices are wanted: of a year, for a purpose."""

    year: int | None = None
    purpose: str | None = None

    def includes(self, entry: Entry) -> bool:
        """Tell whether an entry is wanted."""
        if self.year and entry.year != self.year:
            return False
        if self.purpose == CREDIT_NOTES:
            return entry.invoice.kind == "credit_note"
        return self.purpose is None or (entry.payment is not None and entry.payment.kind == self.purpose)

    def is_before(self, entry: Entry) -> bool:
        """Tell whether an entry, and so all that were issued before it, is older than the wanted year."""
        return self.year is not None and entry.year < self.year


def status_of(payment: Payment) -> Status:
    """Return what became of a succeeded payment: of several things the gravest."""
    if payment.dispute_status in INQUIRIES:
        return "inquiry"
    if payment.dispute_status not in UNDISPUTED:
        return "disputed"
    if payment.refunded_micros:
        return "refunded" if payment.refunded_micros >= payment.amount_micros else "partly_refunded"
    return "paid"


def shown_status(payment: Payment) -> tuple[str, str] | None:
    """Return what became of a payment that succeeded, to translate, and how it is shown; None for any other."""
    status = status_of(payment)
    return (STATUSES[status], TONES.get(status, "quiet")) if payment.state == "succeeded" else None


def newest_first(payments: Iterable[Payment]) -> list[Payment]:
    """Return payments by when they were made, which their ids tell only about."""
    return sorted(payments, key=lambda each: each.created_at_ms, reverse=True)


def entries_of(invoices: Iterable[Invoice], payments: Mapping[str, Payment]) -> list[Entry]:
    """Return the documents with their payments."""
    return [Entry(each, payments.get(each.payment_id)) for each in invoices]
