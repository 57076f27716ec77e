"""Issue the credit note of a refund: once, and in all never more than was invoiced."""

from collections.abc import Callable

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import minor_unit_micros
from chalicelib.invoices import table
from chalicelib.invoices.invoice import (
    CreditExceedsInvoice,
    Invoice,
    NotCreditable,
    PaidWith,
    TaxLine,
    one_line,
)
from chalicelib.invoices.issue import issue_for, numbered
from chalicelib.invoices.number import number_of
from chalicelib.invoices.table import Credited, State
from chalicelib.invoices.words import words
from chalicelib.money import round_half_up
from chalicelib.payments import reversal_table
from chalicelib.payments.payment import Payment
from chalicelib.payments.refund import Refund


def issue_credit_note(refund: Refund, catalog: Catalog) -> Invoice:
    """Issue the credit note of a refund, or return the one that it has; the payment's invoice comes first.

    Raises NotCreditable, PaymentNotFound, NotInvoiceable, CreditExceedsInvoice, InvoicesBusy.
    """
    if not refund.is_out or refund.stripe_refund_id is None:
        raise NotCreditable(refund)
    invoice = issue_for(refund.account_id, refund.payment_id, catalog)
    return numbered(refund.account_id, refund.stripe_refund_id, _adder(refund, invoice), refund.payment_id)


def issue_credit_notes(payment: Payment, catalog: Catalog) -> list[Invoice]:
    """Issue the credit notes of all refunds of a payment, the oldest first."""
    found = reversal_table.read(payment).refunds
    return [issue_credit_note(refund, catalog) for refund in found if refund.is_out]


def _adder(refund: Refund, invoice: Invoice) -> Callable[[State], bool]:
    issued_at_ms = clock.now_ms()

    def add(state: State) -> bool:
        before = state.credited[refund.payment_id]
        after = credited_after(invoice, before, refund.amount_micros)
        note = credit_note(refund, invoice, state.last + 1, after.tax_micros - before.tax_micros, issued_at_ms)
        return table.add(note, crediting=refund.payment_id, before=before, after=after)

    return add


def credited_after(invoice: Invoice, before: Credited, amount_micros: int) -> Credited:
    """Return what is credited of an invoice after a refund. Pure. Raises CreditExceedsInvoice.

    The tax of all credit notes together is rounded, not that of each: when all is refunded, all the tax is, too.
    """
    micros = before.micros + amount_micros
    if amount_micros <= 0 or micros > invoice.total_micros:
        raise CreditExceedsInvoice(invoice, before.micros, amount_micros)
    unit = minor_unit_micros(invoice.currency)
    tax_micros = round_half_up(invoice.tax_micros * micros, invoice.total_micros * unit) * unit
    return Credited(micros, tax_micros)


def credit_note(refund: Refund, invoice: Invoice, sequence: int, tax_micros: int, issued_at_ms: int) -> Invoice:
    """Make the credit note of a refund of an invoice, with its share of the tax. Pure."""
    tax = invoice.tax and TaxLine(invoice.tax.name, invoice.tax.rate_micros, invoice.tax.inclusive, tax_micros)
    added_micros = 0 if tax is None or tax.inclusive else tax_micros
    description = words(invoice.locale).refund_of.format(number=invoice.number)
    return replace(
        invoice,
        sequence=sequence,
        number=number_of(invoice.account_id, sequence, "credit_note"),
        kind="credit_note",
        cause=refund.stripe_refund_id,
        issued_at_ms=issued_at_ms,
        lines=(one_line(description, refund.amount_micros - added_micros),),
        tax=tax,
        total_micros=refund.amount_micros,
        paid=_paid_back(refund, invoice),
        credits=invoice.number,
        reason=refund.reason,
    )


def _paid_back(refund: Refund, invoice: Invoice) -> PaidWith | None:
    at_ms = refund.refunded_at_ms or refund.created_at_ms
    return invoice.paid and replace(invoice.paid, at_ms=at_ms, refund_id=refund.stripe_refund_id)
