"""Issue the credit note of a refund once, never crediting more than was invoiced; take it back if necessary."""

from collections.abc import Callable

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import minor_unit_micros
from chalicelib.i18n.texts import Texts
from chalicelib.invoices import table
from chalicelib.invoices.invoice import (
    CreditExceedsInvoice,
    Invoice,
    NotCreditable,
    PaidWith,
    TaxLine,
    one_line,
)
from chalicelib.invoices.issue import add_under_next_number, issue_for
from chalicelib.invoices.number import number_of
from chalicelib.invoices.table import CreditedAmount, State
from chalicelib.money import round_half_up
from chalicelib.payments.payment import Payment
from chalicelib.reversals import table as reversals
from chalicelib.reversals.refund import Refund


def issue_credit_note(refund: Refund, catalog: Catalog) -> Invoice:
    """Issue the credit note of a refund, or return the existing one; the payment's invoice is issued first.

    Raises NotCreditable, PaymentNotFound, NotInvoiceable, CreditExceedsInvoice, InvoicesBusy.
    """
    if not refund.accepted_by_stripe or refund.stripe_refund_id is None:
        raise NotCreditable(refund)
    invoice = issue_for(refund.account_id, refund.payment_id, catalog)
    return add_under_next_number(
        refund.account_id, refund.stripe_refund_id, _credit_note_adder(refund, invoice), refund.payment_id
    )


def issue_counter_invoice(refund: Refund) -> Invoice | None:
    """Issue the invoice that takes back the credit note of a returned refund, or return the existing one.

    None if there is nothing to take back: the refund was not returned, or never had a credit note. Raises InvoicesBusy.
    """
    account_id, cause = refund.account_id, refund.stripe_refund_id
    if refund.counts_against_payment or cause is None:
        return None
    noted = table.read(account_id, cause, refund.payment_id).sequences
    if cause not in noted:
        return None
    note, invoice = (table.get(account_id, noted[each]) for each in (cause, refund.payment_id))
    return add_under_next_number(
        account_id, counter_invoice_cause(cause), _counter_invoice_adder(refund, note, invoice), refund.payment_id
    )


def issue_credit_notes(payment: Payment, catalog: Catalog) -> list[Invoice]:
    """Issue the missing documents of a payment's refunds, oldest first.

    The credit notes of returned refunds are taken back first: only then can an amount that was refunded again be
    credited.
    """
    refunds = reversals.read(payment).refunds
    countered = [made for refund in refunds if (made := issue_counter_invoice(refund))]
    return [*countered, *(issue_credit_note(refund, catalog) for refund in refunds if refund.accepted_by_stripe)]


def counter_invoice_cause(stripe_refund_id: str) -> str:
    """Return the cause of a counter-invoice: the event id of the ledger's entry for the returned refund."""
    return f"{stripe_refund_id}/failed"


def _counter_invoice_adder(refund: Refund, note: Invoice, invoice: Invoice) -> Callable[[State], bool]:
    issued_at_ms = clock.now_ms()

    def add(state: State) -> bool:
        before = state.credited[refund.payment_id]
        after = credited_in_total(invoice, before.micros - note.total_micros)
        made = counter_invoice(refund, note, state.last + 1, before.tax_micros - after.tax_micros, issued_at_ms)
        return table.add(made, crediting=refund.payment_id, before=before, after=after)

    return add


def _credit_note_adder(refund: Refund, invoice: Invoice) -> Callable[[State], bool]:
    issued_at_ms = clock.now_ms()

    def add(state: State) -> bool:
        before = state.credited[refund.payment_id]
        after = credited_after(invoice, before, refund.amount_micros)
        note = credit_note(refund, invoice, state.last + 1, after.tax_micros - before.tax_micros, issued_at_ms)
        return table.add(note, crediting=refund.payment_id, before=before, after=after)

    return add


def credited_after(invoice: Invoice, before: CreditedAmount, amount_micros: int) -> CreditedAmount:
    """Return what is credited of an invoice after a refund. Raises CreditExceedsInvoice."""
    micros = before.micros + amount_micros
    if amount_micros <= 0 or micros > invoice.total_micros:
        raise CreditExceedsInvoice(invoice, before.micros, amount_micros)
    return credited_in_total(invoice, micros)


def credited_in_total(invoice: Invoice, micros: int) -> CreditedAmount:
    """Return a total of credit notes, with the tax in it.

    The tax is rounded for the total, not for each credit note: a full refund in parts gives back the whole tax.
    """
    unit = minor_unit_micros(invoice.currency)
    tax_micros = round_half_up(invoice.tax_micros * micros, invoice.total_micros * unit) * unit
    return CreditedAmount(micros, tax_micros)


def credit_note(refund: Refund, invoice: Invoice, sequence: int, tax_micros: int, issued_at_ms: int) -> Invoice:
    """Make the credit note of a refund of an invoice, with its share of the tax."""
    tax, added_micros = _with_tax(invoice, tax_micros)
    description = Texts("paper", invoice.locale).say("Refund of invoice %(number)s", number=invoice.number)
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


def counter_invoice(refund: Refund, note: Invoice, sequence: int, tax_micros: int, issued_at_ms: int) -> Invoice:
    """Make the invoice that takes back the credit note of a returned refund, with its share of the tax."""
    tax, added_micros = _with_tax(note, tax_micros)
    texts = Texts("paper", note.locale)
    description = texts.say("Returned refund: takes back credit note %(number)s", number=note.number)
    return replace(
        note,
        sequence=sequence,
        number=number_of(note.account_id, sequence, "invoice"),
        kind="invoice",
        cause=counter_invoice_cause(note.cause),
        issued_at_ms=issued_at_ms,
        lines=(one_line(description, note.total_micros - added_micros),),
        tax=tax,
        paid=note.paid and replace(note.paid, at_ms=refund.failed_at_ms or refund.updated_at_ms),
        credits=note.number,
        reason=None,
    )


def _with_tax(document: Invoice, tax_micros: int) -> tuple[TaxLine | None, int]:
    """Return a document's tax with another amount, and how much of that is added to the lines."""
    tax = document.tax and replace(document.tax, amount_micros=tax_micros)
    return tax, 0 if tax is None or tax.inclusive else tax_micros


def _paid_back(refund: Refund, invoice: Invoice) -> PaidWith | None:
    at_ms = refund.refunded_at_ms or refund.created_at_ms
    return invoice.paid and replace(invoice.paid, at_ms=at_ms, refund_id=refund.stripe_refund_id)
