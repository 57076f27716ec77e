"""What a client that was moved paid before is invoiced, also later, by the workspace that it paid to."""

from collections.abc import Callable

import pytest

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.invoices.issue import issue_for
from chalicelib.invoices.issue_credit_note import issue_credit_note
from chalicelib.money import MICROS
from chalicelib.payments.payment import Payment
from tests.invoices import documents
from tests.usage.agency import move

NewAccount = Callable[..., Account]
NewPayment = Callable[..., Payment]


@pytest.fixture
def client(new_account: NewAccount) -> Account:
    """Return a client of North Agency that was moved to South Agency a minute after its first payment was made."""
    north, south = (
        new_account(name=name, billing_details=None).account_id for name in ("North Agency", "South Agency")
    )
    made = new_account(kind="client", workspace_id=north)
    move(made.account_id, south, documents.AT_MS + 60_000)
    return made


def test_the_seller_is_the_workspace_that_was_paid(client: Account, new_payment: NewPayment) -> None:
    """Whatever the time: a payment that was under way during the move is of the workspace that got the money."""
    north = client.workspace_id
    payment = new_payment(client, workspace_id=north, created_at_ms=documents.AT_MS + 2 * 60_000)
    assert issue_for(client.account_id, payment.payment_id, catalog()).seller.name == "North Agency"


@pytest.mark.parametrize(("minutes", "seller"), [(0, "North Agency"), (2, "South Agency")])
def test_of_an_old_row_it_is_the_workspace_of_its_time(
    client: Account, new_payment: NewPayment, minutes: int, seller: str
) -> None:
    payment = new_payment(client, created_at_ms=documents.AT_MS + minutes * 60_000)
    assert issue_for(client.account_id, payment.payment_id, catalog()).seller.name == seller


def test_a_credit_note_has_the_seller_of_its_invoice(client: Account, new_payment: NewPayment) -> None:
    note = issue_credit_note(documents.refund(new_payment(client), MICROS), catalog())
    assert (note.kind, note.seller.name) == ("credit_note", "North Agency")
