"""Invoices over HTTP."""

from typing import Annotated

import msgspec
from chalice.app import Response
from msgspec import Meta

from chalicelib import api_tags
from chalicelib.accounts.permission import REFUSALS, Right, allow
from chalicelib.catalog.catalog import catalog
from chalicelib.cursor import InvalidCursor
from chalicelib.invoices import brand, table
from chalicelib.invoices.brand import BrandRequest, LogoInvalid
from chalicelib.invoices.download import download_link
from chalicelib.invoices.find import find_by_number, find_by_transaction
from chalicelib.invoices.invoice import CreditExceedsInvoice, Invoice, InvoiceNotFound, NotCreditable, NotInvoiceable
from chalicelib.invoices.issue import InvoicesBusy
from chalicelib.invoices.issue_missing import issue_missing_documents
from chalicelib.invoices.number import PDF
from chalicelib.invoices.view import (
    BrandView,
    InvoiceList,
    InvoiceView,
    summary,
    view,
    view_brand,
)
from chalicelib.ledger.transaction import UnknownTransaction
from chalicelib.payments.payment import PaymentNotFound
from chalicelib.web import HEADERS, Call, Routes

routes = Routes(__name__, *api_tags.INVOICES)

BODY_BYTES = 192 * 1024
"""The largest logo in base64, and room for the rest of the body."""


class InvoicesQuery(msgspec.Struct, forbid_unknown_fields=True):
    """How many documents to list, and where to start."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 25
    cursor: Annotated[str, Meta(max_length=200)] | None = None


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/invoices",
    summary="List invoices and credit notes, newest first",
    description="What was issued, in the order of its numbers, which have no gaps.",
    query=InvoicesQuery,
    gives=InvoiceList,
    refuses=(*REFUSALS, InvalidCursor),
)
def list_invoices(call: Call[None, InvoicesQuery], account_id: str) -> InvoiceList:
    allow(call, account_id, Right.READ)
    if call.query.cursor is None:
        issue_missing_documents(account_id, catalog())
    listed = table.newest(account_id, limit=call.query.limit, cursor=call.query.cursor)
    return InvoiceList([summary(each) for each in listed.invoices], listed.next_cursor)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/invoices/{number}",
    summary="Show an invoice or a credit note; with .pdf behind its number, 303 to a link that lives for minutes",
    description=(
        "The document as data, fixed when it was issued. With `.pdf` behind the number it answers 303: follow "
        "`Location` within five minutes, without your token."
    ),
    status=(200, 303),
    gives=InvoiceView,
    refuses=(*REFUSALS, InvoiceNotFound),
)
def get_invoice(call: Call[None, None], account_id: str, number: str) -> InvoiceView | Response:
    allow(call, account_id, Right.READ)
    invoice = find_by_number(account_id, number.removesuffix(PDF))
    return _redirected(invoice) if number.endswith(PDF) else view(invoice)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/transactions/{transaction_id}/invoice",
    summary="Fetch the invoice of a credit, or the credit note of a refund: 303 to a link that lives for minutes",
    description=(
        "From the history straight to the paper: issued and drawn on first request. Follow `Location` within five "
        "minutes, without your token."
    ),
    status=303,
    refuses=(
        *REFUSALS,
        UnknownTransaction,
        InvoiceNotFound,
        PaymentNotFound,
        NotInvoiceable,
        NotCreditable,
        CreditExceedsInvoice,
        InvoicesBusy,
    ),
)
def get_transaction_invoice(call: Call[None, None], account_id: str, transaction_id: str) -> Response:
    allow(call, account_id, Right.READ)
    return _redirected(find_by_transaction(account_id, transaction_id, catalog()))


@routes.operation(
    "PUT",
    "/v1/accounts/{account_id}/brand",
    summary="Put a workspace's colour and logo on the documents of its clients, from now on",
    description=(
        "What is left out stays as it is, and null clears it. Documents that were issued before keep the look that "
        "they had."
    ),
    takes=BrandRequest,
    example={"color": "#24405f"},
    gives=BrandView,
    refuses=(*REFUSALS, LogoInvalid),
    body_bytes=BODY_BYTES,
)
def put_brand(call: Call[BrandRequest, None], account_id: str) -> BrandView:
    return view_brand(brand.put_brand(allow(call, account_id, Right.ACT).account, call.body))


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/brand",
    summary="Show a workspace's colour and logo",
    description=(
        "What the documents and the portal of the workspace's clients are dressed in. `logo` is the name of what "
        "was put."
    ),
    gives=BrandView,
    refuses=REFUSALS,
)
def get_brand(call: Call[None, None], account_id: str) -> BrandView:
    allow(call, account_id, Right.READ)
    return view_brand(brand.find(account_id))


def _redirected(invoice: Invoice) -> Response:
    return Response("", {**HEADERS, "Location": download_link(invoice)}, 303)
