"""An invoice or a credit note: its data, and the rules that derive it from a payment or a refund. Pure."""

from typing import Literal

import msgspec

from chalicelib.accounts.account import Account, BillingDetails
from chalicelib.catalog import seller as operator
from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.money import MICROS, format_amount
from chalicelib.payments.line import Line as Charged
from chalicelib.payments.payment import Payment
from chalicelib.reversals.refund import Refund

Kind = Literal["invoice", "credit_note"]


class InvoiceNotFound(Refusal):
    """The account has no such document."""

    status = 404
    type = "invoice-not-found"
    title = "No such invoice"


class NotInvoiceable(Refusal):
    """The payment has not succeeded (yet): there is nothing to invoice."""

    status = 409
    type = "payment-not-invoiceable"
    title = "The payment has no invoice"

    def __init__(self, payment: Payment) -> None:
        super().__init__(
            f"the payment is {payment.state!r}; its invoice is issued once it has succeeded",
            payment_id=payment.payment_id,
            payment_state=payment.state,
        )


class NotCreditable(Refusal):
    """The refund does not exist at Stripe, or was returned: there is nothing to credit."""

    status = 409
    type = "refund-not-creditable"
    title = "The refund has no credit note"

    def __init__(self, refund: Refund) -> None:
        super().__init__(
            f"the refund is {refund.state!r}; its credit note is issued once Stripe has made it",
            refund_id=refund.refund_id,
        )


class CreditExceedsInvoice(Refusal):
    """More would be credited than was invoiced."""

    status = 409
    type = "credit-exceeds-invoice"
    title = "More would be credited than was invoiced"

    def __init__(self, invoice: "Invoice", credited_micros: int, amount_micros: int) -> None:
        left = format_amount(invoice.total_micros - credited_micros, invoice.currency)
        wanted = format_amount(amount_micros, invoice.currency)
        super().__init__(
            f"{left} {invoice.currency} of {invoice.number} can still be credited, not {wanted}", number=invoice.number
        )


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """The seller or the buyer, as they were when the document was issued. `logo` names a PNG in the archive."""

    name: str
    address: tuple[str, ...] = ()
    country: str | None = None
    tax_id: str | None = None
    email: str | None = None
    color: str = operator.DEFAULT_COLOR
    logo: str | None = None


class Brand(msgspec.Struct, frozen=True):
    """How a workspace's documents for its clients look. `logo` names a PNG in the archive."""

    color: str = operator.DEFAULT_COLOR
    logo: str | None = None


class Period(msgspec.Struct, frozen=True):
    """The period for which something was sold; the end is not included."""

    start_ms: int
    end_ms: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One item sold, or given back (then the amount is negative). A part of a period costs less than the unit price.

    `quantity_micros` is in millionths. If prices exclude tax, so does the amount.
    """

    description: str
    amount_micros: int
    quantity_micros: int | None = None
    unit_price_micros: int | None = None
    period: Period | None = None


class TaxLine(msgspec.Struct, frozen=True):
    """The tax of a document: contained in the lines' amounts, or added to them."""

    name: str
    rate_micros: int
    inclusive: bool
    amount_micros: int


class PaidWith(msgspec.Struct, frozen=True, kw_only=True):
    """How and when the money moved: Stripe's ids, and the card. `at_ms` is the time of the ledger's entry."""

    at_ms: int
    brand: str
    last_four: str
    payment_intent_id: str | None = None
    charge_id: str | None = None
    refund_id: str | None = None


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """One document. The total is positive; `kind` gives its direction. `paid` is None while the total is due.

    `cause` is what the document was issued for, and belongs to this document only: the payment's id, Stripe's id of the
    refund, or that id with `/failed` for a returned refund. `credits` is the number of the document that this one takes
    back, if any: for a credit note its invoice, for an invoice the credit note of a returned refund. Raises ValueError
    if the lines and the tax do not add up to the total.
    """

    account_id: str
    sequence: int
    number: str
    kind: Kind
    cause: str
    payment_id: str
    issued_at_ms: int
    currency: str
    locale: str
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    total_micros: int
    tax: TaxLine | None = None
    paid: PaidWith | None = None
    credits: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.subtotal_micros + self.added_tax_micros != self.total_micros:
            raise ValueError(
                f"the lines of {self.number} are {self.subtotal_micros} and its added tax is {self.added_tax_micros}, "
                f"not {self.total_micros} together"
            )

    @property
    def subtotal_micros(self) -> int:
        """Return the sum of the lines."""
        return sum(line.amount_micros for line in self.lines)

    @property
    def period(self) -> Period | None:
        """Return the period of the lines if it is the same for all, else None."""
        periods = {line.period for line in self.lines}
        return periods.pop() if len(periods) == 1 else None

    @property
    def added_tax_micros(self) -> int:
        """Return the tax that is added to the lines."""
        return self.tax.amount_micros if self.tax and not self.tax.inclusive else 0

    @property
    def tax_micros(self) -> int:
        """Return the tax, contained in the lines or added to them."""
        return self.tax.amount_micros if self.tax else 0

    @property
    def due_micros(self) -> int:
        """Return what is still to be paid."""
        return 0 if self.paid else self.total_micros


def lines_of(payment: Payment, description: str) -> tuple[Line, ...]:
    """Return the lines of a payment; one without lines of its own gets a single line with `description`."""
    return tuple(_line(line) for line in payment.lines) or (one_line(description, payment.amount_micros),)


def one_line(description: str, amount_micros: int) -> Line:
    """Return a line for one item at its price."""
    return Line(
        description=description, quantity_micros=MICROS, unit_price_micros=amount_micros, amount_micros=amount_micros
    )


def _line(line: Charged) -> Line:
    start_ms, end_ms = line.period_start_ms, line.period_end_ms
    return Line(
        description=line.description,
        quantity_micros=line.quantity * MICROS,
        unit_price_micros=line.unit_amount_micros,
        amount_micros=line.amount_micros,
        period=None if start_ms is None or end_ms is None else Period(start_ms, end_ms),
    )


def tax_line(tax: Tax | None, lines: tuple[Line, ...], total_micros: int, currency: str) -> TaxLine | None:
    """Return the tax in what was charged; None if there is none.

    A top-up's total is what the card was charged, so it can contain an inclusive tax but no exclusive one. The amount
    by which a subscription's total exceeds its lines is the exclusive tax. Raises ValueError if that amount is not what
    `tax` gives: the document would differ from what was charged.
    """
    added = total_micros - sum(line.amount_micros for line in lines)
    if tax and tax.inclusive and not added:
        return TaxLine(tax.name, tax.rate_micros, tax.inclusive, tax.included_in(total_micros, currency))
    if not added:
        return None
    if tax is None or tax.inclusive or added != tax.added_to(total_micros - added, currency):
        raise ValueError(f"{added} micros were charged beyond the lines, which is not the tax of {tax}")
    return TaxLine(tax.name, tax.rate_micros, tax.inclusive, added)


def buyer_of(account: Account) -> Party:
    """Return the buyer on an account's documents: its billing details, completed with the account's own data."""
    details = account.billing_details or BillingDetails()
    return Party(
        name=details.name or account.name,
        address=tuple(details.address),
        country=details.country or account.country,
        tax_id=details.tax_id,
        email=details.email or account.email,
    )


def operator_of(seller: operator.Seller, logo: str | None) -> Party:
    """Return the operator as the seller; `logo` names its logo in the archive."""
    return Party(
        name=seller.name,
        address=tuple(seller.address),
        country=seller.country,
        tax_id=seller.tax_id,
        email=seller.email,
        color=seller.color,
        logo=logo,
    )


def paid_with(payment: Payment) -> PaidWith:
    """Return how a payment was made."""
    return PaidWith(
        at_ms=payment.created_at_ms,
        brand=payment.card_brand,
        last_four=payment.card_last_four,
        payment_intent_id=payment.payment_intent_id,
        charge_id=payment.charge_id,
    )
