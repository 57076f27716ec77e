"""Issue what the newest payments of an account lack: nobody who asks waits for the queue."""

from typing import Final

from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices import table
from chalicelib.invoices.credit import issue_credit_notes
from chalicelib.invoices.issue import issue
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment

RECENT: Final = 25
"""Payments that are looked at."""


def catch_up(account_id: str, catalog: Catalog) -> None:
    """Issue the invoices and credit notes that the newest payments should have by now, as far as that goes."""
    paid = [each for each in payments.newest(account_id, limit=RECENT).payments if each.state == "succeeded"]
    known = table.read(account_id, *(each.payment_id for each in paid))
    for payment in reversed(paid):
        _catch_up_with(payment, known, catalog)


def _catch_up_with(payment: Payment, known: table.State, catalog: Catalog) -> None:
    credited = known.credited.get(payment.payment_id, table.Credited())
    try:
        if payment.payment_id not in known.sequences:
            issue(payment, catalog)
        if payment.refunded_micros != credited.micros:
            issue_credit_notes(payment, catalog)
    except Exception:  # noqa: BLE001 - one payment without its paper hides no other's; the queue's alarm tells of it
        log().exception("a document could not be issued", account_id=payment.account_id, payment_id=payment.payment_id)
