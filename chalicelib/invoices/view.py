"""Invoices and credit notes as the API shows them."""

from typing import Final

import msgspec

from chalicelib.base_url import public_base_url
from chalicelib.clock import iso
from chalicelib.invoices.invoice import Brand, Invoice, Kind, Line, PaidWith, Party, TaxLine
from chalicelib.money import format_amount, format_micros

PDF: Final = "/v1/accounts/{account_id}/invoices/{number}.pdf"


class PartyView(msgspec.Struct):
    """The seller or the buyer, as they were when the document was issued."""

    name: str
    address: list[str]
    country: str | None
    tax_id: str | None
    email: str | None


class PeriodView(msgspec.Struct):
    """A period; the end is not included."""

    start: str
    end: str


class InvoiceLineView(msgspec.Struct):
    """One line of a document."""

    description: str
    quantity: str | None
    unit_price: str | None
    amount: str
    period: PeriodView | None


class TaxView(msgspec.Struct):
    """The tax: contained in the lines if `inclusive`, else added to them. `rate` is in percent."""

    name: str
    rate: str
    inclusive: bool
    amount: str


class InvoicePaymentView(msgspec.Struct):
    """How the money moved."""

    at: str
    brand: str
    last_four: str
    payment_intent_id: str | None
    charge_id: str | None
    refund_id: str | None


class InvoiceView(msgspec.Struct):
    """A document. Its total is positive.

    `credits` is the number of the document that this one takes back: for a credit note its invoice, for an invoice the
    credit note of a returned refund, else null.
    """

    number: str
    kind: Kind
    issued_at: str
    total: str
    subtotal: str
    balance_due: str
    currency: str
    payment_id: str
    cause: str
    credits: str | None
    reason: str | None
    seller: PartyView
    buyer: PartyView
    lines: list[InvoiceLineView]
    tax: TaxView | None
    paid: InvoicePaymentView | None
    pdf: str


class InvoiceSummary(msgspec.Struct):
    """A document in a list."""

    number: str
    kind: Kind
    issued_at: str
    total: str
    currency: str
    payment_id: str
    credits: str | None
    pdf: str


class InvoiceList(msgspec.Struct):
    """Documents, newest first."""

    data: list[InvoiceSummary]
    next_cursor: str | None


class BrandView(msgspec.Struct):
    """A workspace's brand. `logo` names the stored picture."""

    color: str
    logo: str | None


def view(invoice: Invoice) -> InvoiceView:
    """Present a document."""
    currency = invoice.currency
    return InvoiceView(
        number=invoice.number,
        kind=invoice.kind,
        issued_at=iso(invoice.issued_at_ms),
        total=format_amount(invoice.total_micros, currency),
        subtotal=format_amount(invoice.subtotal_micros, currency),
        balance_due=format_amount(invoice.due_micros, currency),
        currency=currency,
        payment_id=invoice.payment_id,
        cause=invoice.cause,
        credits=invoice.credits,
        reason=invoice.reason,
        seller=_party(invoice.seller),
        buyer=_party(invoice.buyer),
        lines=[_line(line, currency) for line in invoice.lines],
        tax=_tax(invoice.tax, currency) if invoice.tax else None,
        paid=_paid(invoice.paid) if invoice.paid else None,
        pdf=_pdf(invoice),
    )


def summary(invoice: Invoice) -> InvoiceSummary:
    """Present a document in a list."""
    return InvoiceSummary(
        number=invoice.number,
        kind=invoice.kind,
        issued_at=iso(invoice.issued_at_ms),
        total=format_amount(invoice.total_micros, invoice.currency),
        currency=invoice.currency,
        payment_id=invoice.payment_id,
        credits=invoice.credits,
        pdf=_pdf(invoice),
    )


def view_brand(brand: Brand) -> BrandView:
    """Present a brand."""
    return BrandView(brand.color, brand.logo)


def _pdf(invoice: Invoice) -> str:
    return public_base_url().api_path(PDF, account_id=invoice.account_id, number=invoice.number)


def _party(party: Party) -> PartyView:
    return PartyView(party.name, list(party.address), party.country, party.tax_id, party.email)


def _line(line: Line, currency: str) -> InvoiceLineView:
    return InvoiceLineView(
        description=line.description,
        quantity=None if line.quantity_micros is None else format_micros(line.quantity_micros),
        unit_price=None if line.unit_price_micros is None else format_amount(line.unit_price_micros, currency),
        amount=format_amount(line.amount_micros, currency),
        period=PeriodView(iso(line.period.start_ms), iso(line.period.end_ms)) if line.period else None,
    )


def _tax(tax: TaxLine, currency: str) -> TaxView:
    return TaxView(
        tax.name, format_micros(tax.rate_micros * 100), tax.inclusive, format_amount(tax.amount_micros, currency)
    )


def _paid(paid: PaidWith) -> InvoicePaymentView:
    return InvoicePaymentView(
        at=iso(paid.at_ms),
        brand=paid.brand,
        last_four=paid.last_four,
        payment_intent_id=paid.payment_intent_id,
        charge_id=paid.charge_id,
        refund_id=paid.refund_id,
    )
