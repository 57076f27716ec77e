"""Issue what the newest payments of an account lack: nobody who asks waits for the queue."""

from typing import Final

from chalicelib.batches import each
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices import table
from chalicelib.invoices.issue import issue
from chalicelib.invoices.issue_credit_note import issue_credit_notes
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment

RECENT: Final = 25
"""Payments that are looked at."""


def issue_missing_documents(account_id: str, catalog: Catalog) -> None:
    """Issue the invoices and credit notes that the newest payments should have by now, as far as that goes."""
    newest = payments.newest(account_id, limit=RECENT).payments
    paid = [payment for payment in newest if payment.state == "succeeded"]
    known = table.read(account_id, *(payment.payment_id for payment in paid))
    # One payment without its paper hides no other's; the alarm of the queue that issues it tells of it.
    each(
        reversed(paid),
        lambda payment: _issue_missing(payment, known, catalog),
        message="a document could not be issued",
        about=lambda payment: {"account_id": account_id, "payment_id": payment.payment_id},
    )


def _issue_missing(payment: Payment, known: table.State, catalog: Catalog) -> None:
    credited = known.credited.get(payment.payment_id, table.Credited())
    if payment.payment_id not in known.sequences:
        issue(payment, catalog)
    if payment.refunded_micros != credited.micros:
        issue_credit_notes(payment, catalog)
