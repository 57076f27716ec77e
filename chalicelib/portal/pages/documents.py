"""Invoices and payments: what was paid, its state, and the documents for it."""

from chalice.app import Response

from chalicelib.clock import iso, now
from chalicelib.invoices.download import download_link
from chalicelib.invoices.find import find_by_number, find_by_transaction
from chalicelib.invoices.issue import issue_for
from chalicelib.invoices.issue_missing import issue_missing_documents
from chalicelib.payments import table as payments
from chalicelib.portal import forms, render
from chalicelib.portal.find_invoices import ROWS, find_invoices, find_numbered, years_with_invoices
from chalicelib.portal.invoice_list import PURPOSES, STATUSES, TONES, Selection, newest_first, status_of
from chalicelib.portal.request import PortalRequest, see_other


def show(request: PortalRequest) -> Response:
    """Show the invoices that are wanted, and the payments, the newest first.

    Raises InvalidRequest, InvalidCursor, InvoicesBusy.
    """
    account_id, query = request.account.account_id, request.query
    if query.get("invoices") is None:
        issue_missing_documents(account_id, request.catalog)
    years = years_with_invoices(account_id, now().year)
    year = forms.number(query, "year", digits=4)
    wanted = Selection(year if year in years else None, forms.one_of(query, "purpose", PURPOSES))
    number = query.get("number")
    if number:
        entries, more = find_numbered(account_id, number), None
    else:
        entries, more = find_invoices(account_id, wanted, query.get("invoices"))
    paid = payments.newest(account_id, limit=ROWS, cursor=query.get("payments"))
    return render.page(
        request,
        "documents.html",
        here="documents",
        number=number,
        wanted=wanted,
        filters={"year": str(wanted.year) if wanted.year else None, "purpose": wanted.purpose},
        years=years,
        entries=entries,
        more_invoices=more,
        payments=newest_first(paid.payments),
        more_payments=paid.next_cursor,
        name_of=request.viewer.name_of,
        statuses=STATUSES,
        tones=TONES,
        status_of=status_of,
        iso=iso,
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
