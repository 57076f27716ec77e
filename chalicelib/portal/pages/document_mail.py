"""Send an invoice or a credit note to an address by mail.

The form has the session's attempt number, from which the idempotency key is made: sent twice, it sends one mail.
"""

from typing import Final

from chalice.app import Response

from chalicelib.clock import iso
from chalicelib.http_input import read_fields
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.invoices import mailing_table
from chalicelib.invoices.find import find_by_number
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.mailing import MailingsBusy, MailingUnconfirmed, SendRequest, TooManyMailings
from chalicelib.notices.choice import billing_contact
from chalicelib.notices.refusals import MailsOff
from chalicelib.notices.send_document import send_document
from chalicelib.portal import forms, render
from chalicelib.portal.request import PortalRequest
from chalicelib.text import Email

LISTED: Final = 10


def show(request: PortalRequest, number: str) -> Response:
    """Show the form, and to whom the document was sent. Raises InvoiceNotFound, Forbidden."""
    request.check_may_act()
    to = billing_contact(request.account)
    return _page(request, find_by_number(request.account.account_id, number), request.session.attempt_of("mail"), to)


def send(request: PortalRequest, number: str) -> Response:
    """Send the mail. Raises InvoiceNotFound."""
    invoice, to = find_by_number(request.account.account_id, number), request.form.get("to", "")
    attempt = forms.number(request.form, "attempt", 1)
    wrong = forms.wrong_text(request, Email, to)
    if wrong:
        return _page(request, invoice, attempt, to, {"to": wrong}, status=422)
    try:
        wanted = read_fields({"to": to}, SendRequest)
        send_document(request.allowed, invoice, wanted, key=request.attempt_key(attempt, "mail"))
    except (IdempotencyConflict, MailingUnconfirmed) as refusal:
        request.finish_attempt("mail", attempt)
        return _page(request, invoice, attempt + 1, to, forms.errors_of(request, refusal, ()), status=refusal.status)
    except (MailsOff, TooManyMailings, MailingsBusy) as refusal:
        return _page(request, invoice, attempt, to, forms.errors_of(request, refusal, ()), status=refusal.status)
    request.finish_attempt("mail", attempt)
    return request.go("invoices", number, "send", done="sent")


def _page(
    request: PortalRequest,
    invoice: Invoice,
    attempt: int,
    to: str,
    errors: forms.Errors | None = None,
    *,
    status: int = 200,
) -> Response:
    return render.page(
        request,
        "document_mail.html",
        status=status,
        here="documents",
        invoice=invoice,
        attempt=attempt,
        to=to,
        errors=errors or {},
        mailings=mailing_table.newest(invoice.account_id, invoice.sequence, limit=LISTED),
        name_of=request.viewer.name_of,
        iso=iso,
    )
