"""What a list says of an invoice, and which invoices are wanted."""

from typing import Any

import pytest

from chalicelib.clock import parse_iso
from chalicelib.portal.invoice_list import (
    PURPOSES,
    STATUSES,
    TONES,
    Entry,
    Selection,
    Status,
    entries_of,
    newest_first,
    shown_status,
    status_of,
)
from tests.invoices.documents import invoice
from tests.payments.build import payment

PAID = 25_000_000


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "paid"),
        ({"refunded_micros": 1}, "partly_refunded"),
        ({"refunded_micros": PAID - 1}, "partly_refunded"),
        ({"refunded_micros": PAID}, "refunded"),
        ({"dispute_status": "needs_response"}, "disputed"),
        ({"dispute_status": "warning_needs_response"}, "inquiry"),
        ({"dispute_status": "warning_under_review", "refunded_micros": 1}, "inquiry"),
        ({"dispute_status": "lost", "refunded_micros": PAID}, "disputed"),
        ({"dispute_status": "won"}, "paid"),
        ({"dispute_status": "warning_closed"}, "paid"),
        ({"dispute_status": "prevented", "refunded_micros": PAID}, "refunded"),
    ],
)
def test_the_status_is_what_became_of_the_payment(changes: dict[str, Any], status: Status) -> None:
    paid = payment(state="succeeded", **changes)
    assert status_of(paid) == Entry(invoice(), paid).status == status
    assert shown_status(paid) == (STATUSES[status], TONES.get(status, "quiet"))
    assert shown_status(payment(state="processing", **changes)) is None


def test_a_credit_note_is_one_whatever_became_of_the_payment() -> None:
    refunded = payment(refunded_micros=PAID)
    assert Entry(invoice(kind="credit_note", credits="ACME-000001"), refunded).status == "credit_note"
    # An invoice that takes back the credit note of a returned refund is paid, though the payment once was refunded.
    assert Entry(invoice(credits="ACME-CN-000002"), payment(refunded_micros=1)).status == "paid"
    assert Entry(invoice(), None).status == "paid"


def test_a_selection_takes_a_year_and_a_purpose() -> None:
    in_2025 = invoice(issued_at_ms=parse_iso("2025-12-31T23:59:59.999Z"))
    in_2026 = invoice(issued_at_ms=parse_iso("2026-01-01T00:00:00.000Z"))
    top_up, plan = payment(), payment(kind="subscription")
    assert Selection().includes(Entry(in_2025, None))
    assert Selection(year=2025).includes(Entry(in_2025, None))
    assert not Selection(year=2025).includes(Entry(in_2026, None))
    assert Selection(year=2026).is_before(Entry(in_2025, None))
    assert not Selection(year=2025).is_before(Entry(in_2026, None))
    assert Selection(purpose="subscription").includes(Entry(in_2026, plan))
    assert not Selection(purpose="subscription").includes(Entry(in_2026, top_up))
    assert not Selection(purpose="subscription").includes(Entry(in_2026, None))
    note = Entry(invoice(kind="credit_note", credits="ACME-000001"), top_up)
    assert Selection(purpose="credit_note").includes(note)
    assert [purpose for purpose in PURPOSES if Selection(purpose=purpose).includes(note)] == ["top_up", "credit_note"]


def test_payments_are_listed_by_when_they_were_made() -> None:
    older, newer = payment(payment_id="pay_2", created_at_ms=1000), payment(payment_id="pay_1", created_at_ms=3000)
    assert newest_first([older, newer]) == [newer, older]


def test_documents_find_their_payments() -> None:
    paid = payment(payment_id="pay_9")
    documents = [invoice(payment_id="pay_9"), invoice(payment_id="pay_gone")]
    assert [each.payment for each in entries_of(documents, {"pay_9": paid})] == [paid, None]
