"""Issue the invoice of a payment, once, however often it is requested."""

from collections.abc import Callable
from typing import Final

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.backoff import attempts
from chalicelib.catalog.catalog import Catalog
from chalicelib.errors import Busy
from chalicelib.i18n.texts import Texts, mark
from chalicelib.invoices import archive, brand, table
from chalicelib.invoices.invoice import (
    Invoice,
    NotInvoiceable,
    Party,
    buyer_of,
    lines_of,
    operator_of,
    paid_with,
    tax_line,
)
from chalicelib.invoices.number import number_of
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Kind, Payment

PURPOSES: Final[dict[Kind, str]] = {
    "top_up": mark("Wallet top-up"),
    "auto_pay": mark("Wallet top-up (auto-pay)"),
    "subscription": mark("Subscription"),
}
"""The description on the line of a payment that has no lines of its own."""

ATTEMPTS: Final = 60
"""How many numbers are tried: of documents of one account that are issued at once, one gets each number."""


class InvoicesBusy(Busy):
    """Too many documents of one account are being issued at once."""

    type = "invoices-busy"
    title = "Other documents of the account are being issued"


def issue(payment: Payment, catalog: Catalog) -> Invoice:
    """Issue the invoice of a succeeded payment, or return the existing one.

    Raises NotInvoiceable, InvoicesBusy.
    """
    if payment.state != "succeeded":
        raise NotInvoiceable(payment)
    state = table.read(payment.account_id, payment.payment_id)
    if payment.payment_id in state.sequences:
        return table.get(payment.account_id, state.sequences[payment.payment_id])
    draft = _make_drafts(payment, accounts.get(payment.account_id), catalog)
    return add_under_next_number(payment.account_id, payment.payment_id, lambda state: table.add(draft(state.last + 1)))


def next_invoice(payment: Payment, account: Account, catalog: Catalog) -> Invoice | None:
    """Return a succeeded payment's invoice under its account's next number; None if the payment already has one.

    It is not written yet: `table.add_to` adds it to the transaction that writes the payment's effects. That transaction
    fails if another document takes the number first.
    """
    state = table.read(payment.account_id, payment.payment_id)
    return None if payment.payment_id in state.sequences else _make_drafts(payment, account, catalog)(state.last + 1)


def add_under_next_number(account_id: str, cause: str, add: Callable[[table.State], bool], *more: str) -> Invoice:
    """Add a document under the next number, or return the existing one of the cause.

    `add` gets the state of the account, the cause and `more` causes; it is tried again while other documents take the
    number first. Raises InvoicesBusy.
    """
    for _ in attempts(ATTEMPTS):
        state = table.read(account_id, cause, *more)
        if cause in state.sequences:
            return table.get(account_id, state.sequences[cause])
        if add(state):
            issued = table.get(account_id, state.last + 1)
            log_issued(issued)
            return issued
    raise InvoicesBusy(f"other documents of {account_id!r} took {ATTEMPTS} numbers first; try again")


def log_issued(issued: Invoice) -> None:
    """Log that a document was written."""
    log().info("issued", account_id=issued.account_id, number=issued.number, cause=issued.cause)


def _make_drafts(payment: Payment, account: Account, catalog: Catalog) -> Callable[[int], Invoice]:
    """Return a function that makes a payment's invoice with a given sequence number."""
    seller = seller_of(payment.seller_id(account), catalog)
    lines = lines_of(payment, Texts("paper", account.locale).say(PURPOSES[payment.kind]))
    issued_at_ms = clock.now_ms()

    def draft(sequence: int) -> Invoice:
        return Invoice(
            account_id=account.account_id,
            sequence=sequence,
            number=number_of(account.account_id, sequence, "invoice"),
            kind="invoice",
            cause=payment.payment_id,
            payment_id=payment.payment_id,
            issued_at_ms=issued_at_ms,
            currency=payment.currency,
            locale=account.locale,
            seller=seller,
            buyer=buyer_of(account),
            lines=lines,
            tax=tax_line(payment.tax, lines, payment.amount_micros, payment.currency),
            total_micros=payment.amount_micros,
            paid=paid_with(payment),
        )

    return draft


def seller_of(workspace_id: str | None, catalog: Catalog) -> Party:
    """Return a seller: the operator, or to a client the workspace that it paid, with its colour and logo."""
    if workspace_id is None:
        png = catalog.seller.logo_png()
        return operator_of(catalog.seller, archive.keep_logo(png) if png else None)
    workspace = accounts.get(workspace_id)
    return brand.with_brand(buyer_of(workspace), brand.find(workspace.account_id))


def issue_for(account_id: str, payment_id: str, catalog: Catalog) -> Invoice:
    """Issue the invoice of a payment by its id. Raises PaymentNotFound, NotInvoiceable, InvoicesBusy."""
    return issue(payments.get(account_id, payment_id), catalog)
