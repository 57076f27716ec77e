"""From a payment's row to its invoice, and a refund's to its credit note, over all that is deployed between them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.invoices import table
from chalicelib.invoices.invoice import Invoice
from chalicelib.money import MICROS
from chalicelib.payments import table as payments
from chalicelib.payments.lifecycle import Outcome, advance
from chalicelib.payments.payment import Payment
from chalicelib.reversals import table as reversals
from local.aws import Aws
from local.bindings import bindings
from local.resources import Deployment
from tests.invoices import documents
from tests.running import running
from tests.wait import wait_for

NAMES = {"announce_payments", "issue_invoices", "issue_credit_notes"}


@pytest.fixture
def system(aws: Aws, stack: Deployment, tmp_path: Path) -> Iterator[None]:
    """Run the functions between payments, refunds and their documents, on their real sources."""
    with running(bindings(stack.functions, NAMES), aws, tmp_path):
        yield


def test_a_payment_that_succeeds_gets_its_invoice_without_anyone_asking(
    system: None, account: Account, new_payment: Callable[..., Payment]
) -> None:
    waiting = new_payment(account, state="processing", charge_id=None)
    declined = new_payment(account, state="processing", charge_id=None)
    payments.change(waiting, lambda current: advance(current, Outcome("succeeded", "pi_1", "ch_7")))
    payments.change(declined, lambda current: advance(current, Outcome("failed")))
    (made,) = wait_for(lambda: table.newest(account.account_id, limit=10).invoices)
    assert made.cause == waiting.payment_id
    assert made.paid
    assert made.paid.charge_id == "ch_7"


def test_a_refund_that_went_out_gets_its_credit_note_without_anyone_asking(
    system: None, account: Account, new_payment: Callable[..., Payment]
) -> None:
    payment = new_payment(account)
    made = documents.refund(payment, 10 * MICROS)
    reversals.change(payment, lambda seen: replace(seen, refunds=(made,)))

    def issued() -> list[Invoice]:
        found = table.newest(account.account_id, limit=10).invoices
        return found if len(found) == 2 else []

    note, invoice = wait_for(issued)
    assert (note.cause, note.credits, note.total_micros) == (made.stripe_refund_id, invoice.number, 10 * MICROS)
