"""Invoices and payments: what was paid, its state, and the documents for it."""

from chalice.app import Response

from chalicelib.invoices import table
from chalicelib.invoices.download import download_link
from chalicelib.invoices.find import find_by_number, find_by_transaction
from chalicelib.invoices.issue import issue_for
from chalicelib.invoices.issue_missing import issue_missing_documents
from chalicelib.invoices.view import summary
from chalicelib.payments import table as payments
from chalicelib.payments.view import view_payment
from chalicelib.portal import render
from chalicelib.portal.request import PortalRequest, see_other

ROWS = 20


def show(request: PortalRequest) -> Response:
    """Show invoices and payments, the newest first. Raises InvalidCursor, InvoicesBusy."""
    account_id = request.account.account_id
    invoices_from, payments_from = request.query.get("invoices"), request.query.get("payments")
    if invoices_from is None:
        issue_missing_documents(account_id, request.catalog)
    invoices = table.newest(account_id, limit=ROWS, cursor=invoices_from)
    paid = payments.newest(account_id, limit=ROWS, cursor=payments_from)
    return render.page(
        request,
        "documents.html",
        here="documents",
        invoices=[summary(each) for each in invoices.invoices],
        more_invoices=invoices.next_cursor,
        payments=[view_payment(each, request.viewer) for each in paid.payments],
        refunded={each.payment_id for each in paid.payments if each.refunded_micros > 0},
        more_payments=paid.next_cursor,
        paged=bool(invoices_from or payments_from),
    )


def download(request: PortalRequest, number: str) -> Response:
    """Redirect to an invoice's PDF; the link is valid for minutes. Raises InvoiceNotFound."""
    return see_other(download_link(find_by_number(request.account.account_id, number)))


def download_of_payment(request: PortalRequest, payment_id: str) -> Response:
    """Redirect to the PDF of a payment's invoice. Raises PaymentNotFound, NotInvoiceable, InvoicesBusy."""
    return see_other(download_link(issue_for(request.account.account_id, payment_id, request.catalog)))


def download_of_transaction(request: PortalRequest, transaction_id: str) -> Response:
    """Redirect to the PDF of a credit's invoice or a refund's credit note.

    Raises UnknownTransaction, InvoiceNotFound.
    """
    return see_other(download_link(find_by_transaction(request.account.account_id, transaction_id, request.catalog)))
