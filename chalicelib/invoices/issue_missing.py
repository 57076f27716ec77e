"""Issue the missing documents of an account's newest payments, so that a request does not wait for the queue."""

from collections.abc import Sequence
from typing import Final

from chalicelib.batches import each
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices import table
from chalicelib.invoices.issue import issue
from chalicelib.invoices.issue_credit_note import issue_credit_notes
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment

RECENT: Final = 25
"""How many of the newest payments are checked."""


def issue_missing_documents(account_id: str, catalog: Catalog) -> None:
    """Issue the invoices and credit notes that the newest payments lack, as far as possible."""
    newest = payments.newest(account_id, limit=RECENT).payments
    issue_missing(account_id, [payment for payment in newest if payment.state == "succeeded"], catalog)


def issue_missing(account_id: str, paid: Sequence[Payment], catalog: Catalog) -> list[Payment]:
    """Issue what succeeded payments, newest first, lack; return those for which something could not be issued."""
    known = table.read(account_id, *(payment.payment_id for payment in paid))
    # A document that cannot be issued does not stop the others; the alarm of the queue that issues it reports it.
    failures = each(
        reversed(paid),
        lambda payment: _issue_missing(payment, known, catalog),
        message="a document could not be issued",
        about=lambda payment: {"account_id": account_id, "payment_id": payment.payment_id},
    )
    return [failure.item for failure in failures]


def _issue_missing(payment: Payment, known: table.State, catalog: Catalog) -> None:
    credited = known.credited.get(payment.payment_id, table.CreditedAmount())
    if payment.payment_id not in known.sequences:
        issue(payment, catalog)
    if payment.refunded_micros != credited.micros:
        issue_credit_notes(payment, catalog)
