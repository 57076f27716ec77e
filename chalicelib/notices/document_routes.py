"""Sending documents by mail, over HTTP."""

import msgspec

from chalicelib import api_tags
from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.accounts.viewer import Viewer
from chalicelib.clock import iso
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.invoices.find import find_by_number
from chalicelib.invoices.invoice import InvoiceNotFound
from chalicelib.invoices.mailing import MailingsBusy, MailingUnconfirmed, SendRequest, TooManyMailings
from chalicelib.notices.refusals import MailsOff
from chalicelib.web import Call, Routes

routes = Routes(__name__, *api_tags.INVOICES)


class MailingView(msgspec.Struct):
    """A document that was mailed. `sent_at` is when the mail was accepted for delivery."""

    number: str
    to: str
    sent_by: ShownName
    sent_at: str


@routes.operation(
    "POST",
    "/v1/accounts/{account_id}/invoices/{number}/send",
    summary="Send an invoice or a credit note to an address by mail, as a PDF",
    description=(
        "In the account's language and the seller's name. A key sends one mail at most: after a 503 the mail may have "
        "arrived, and the same key does not send it again. At most 20 documents of an account are mailed in an hour."
    ),
    status=201,
    takes=SendRequest,
    example={"to": "books@acme.example"},
    gives=MailingView,
    idempotent=True,
    refuses=(
        *REFUSALS,
        InvoiceNotFound,
        MailsOff,
        TooManyMailings,
        MailingsBusy,
        MailingUnconfirmed,
        IdempotencyConflict,
    ),
)
def send_invoice(call: Call[SendRequest, None], account_id: str, number: str) -> MailingView:
    # Imported here: its texts load Babel, which no other API request should wait for.
    from chalicelib.notices.send_document import send_document  # noqa: PLC0415

    allowed, key, request = allow(call, account_id, Right.ACT), call.idempotency_key, call.body
    sent = send_document(allowed, find_by_number(account_id, number), request, key=key)
    name = Viewer(allowed).name_of(sent.actor, sent.created_at_ms)
    return MailingView(sent.number, sent.to, name, iso(sent.sent_at_ms or sent.created_at_ms))
