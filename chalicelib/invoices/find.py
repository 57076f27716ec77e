"""Find a document by its number or by its transaction."""

from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices import table
from chalicelib.invoices.invoice import Invoice, InvoiceNotFound
from chalicelib.invoices.issue import issue_for
from chalicelib.invoices.issue_credit_note import issue_credit_notes
from chalicelib.invoices.number import sequence_of
from chalicelib.ledger import statement
from chalicelib.ledger.posting import CREDIT, Direction
from chalicelib.payments import table as payments


def find_by_number(account_id: str, number: str) -> Invoice:
    """Return an account's document by its number. Raises InvoiceNotFound."""
    sequence = sequence_of(number)
    invoice = None if sequence is None else table.find(account_id, sequence)
    if invoice is None or invoice.number != number:
        raise InvoiceNotFound(f"there is no document {number[:60]!r} of this account", number=number[:60])
    return invoice


def find_by_transaction(account_id: str, transaction_id: str, catalog: Catalog) -> Invoice:
    """Return the invoice of a payment's credit, or the credit note of a refund's debit; a missing one is issued now.

    For the credit of a returned refund it is the invoice that takes back the credit note. Raises UnknownTransaction;
    InvoiceNotFound for usage and for transactions that were posted by hand; and what `issue_for` and
    `issue_credit_notes` raise.
    """
    found = statement.read_transaction(account_id, transaction_id)
    event_id, payment_id = found.identity.event_id, found.content.payment_id
    if found.leg.type == CREDIT and payment_id and event_id == payment_id:
        return issue_for(account_id, payment_id, catalog)
    if found.content.kind in {"refund", "refund_failed"} and payment_id:
        issue_credit_notes(payments.get(account_id, payment_id), catalog)
        for sequence in table.read(account_id, event_id).sequences.values():
            return table.get(account_id, sequence)
    raise InvoiceNotFound(_why(found.content.kind, found.leg.type), transaction_id=transaction_id)


def _why(kind: str, type: Direction) -> str:
    if kind in {"refund", "refund_failed"}:
        return "the refund came back from the bank: it has no credit note"
    if type == CREDIT:
        return f"a credit of the kind {kind!r} was not paid by card: it has no invoice"
    return f"a debit of the kind {kind!r} has no invoice: that of the credit which filled the wallet covers it"
