"""The invoices that a person looks for, among years of them: none is left out, and few are read."""

import pytest

from chalicelib.clock import parse_iso
from chalicelib.invoices import table
from chalicelib.invoices.number import number_of
from chalicelib.payments import table as payments
from chalicelib.portal.find_invoices import ROWS, find_invoices, find_numbered, years_with_invoices
from chalicelib.portal.invoice_list import Selection
from local.resources import Deployment
from tests.build import unique
from tests.invoices.documents import invoice
from tests.payments.build import payment

pytestmark = pytest.mark.usefixtures("stack")

MONTHS = [f"{year}-{month:02d}-15T12:00:00.000Z" for year in (2024, 2025, 2026) for month in range(1, 13)]


@pytest.fixture(scope="module")
def account_id(stack: Deployment) -> str:
    """Return an account with two invoices a month for three years; the yearly plan is the rare one of them."""
    account_id = unique("account")
    for place, moment in enumerate(each for month in MONTHS for each in (month, month)):
        kind = "subscription" if place % 24 == 0 else "top_up"
        paid = payment(account_id=account_id, payment_id=f"pay_{place}", kind=kind, state="succeeded")
        payments.put_new(paid)
        made = invoice(
            account_id=account_id,
            sequence=place + 1,
            number=number_of(account_id, place + 1, "invoice"),
            cause=paid.payment_id,
            payment_id=paid.payment_id,
            issued_at_ms=parse_iso(moment),
        )
        assert table.add(made)
    return account_id


def read_all(account_id: str, selection: Selection) -> list[int]:
    """Follow the list to its end; return the sequence numbers."""
    found, cursor = find_invoices(account_id, selection, None)
    while cursor:
        more, cursor = find_invoices(account_id, selection, cursor)
        found += more
    return [each.invoice.sequence for each in found]


def test_all_invoices_are_found_the_newest_first(account_id: str) -> None:
    found, cursor = find_invoices(account_id, Selection(), None)
    assert len(found) == ROWS
    assert cursor
    assert read_all(account_id, Selection()) == list(range(72, 0, -1))


@pytest.mark.parametrize(("year", "expected"), [(2026, range(72, 48, -1)), (2025, range(48, 24, -1)), (2023, ())])
def test_a_year_has_all_of_its_invoices_and_no_others(account_id: str, year: int, expected: range) -> None:
    assert read_all(account_id, Selection(year=year)) == list(expected)


def test_the_rare_purpose_is_found_however_far_back(account_id: str) -> None:
    assert read_all(account_id, Selection(purpose="subscription")) == [49, 25, 1]
    assert read_all(account_id, Selection(year=2024, purpose="subscription")) == [1]
    assert read_all(account_id, Selection(purpose="credit_note")) == []


def test_every_entry_has_its_payment(account_id: str) -> None:
    for entry in find_invoices(account_id, Selection(), None)[0]:
        assert entry.payment is not None
        assert entry.payment.payment_id == entry.invoice.payment_id


def test_a_number_is_found_as_it_is_typed(account_id: str) -> None:
    number = number_of(account_id, 42, "invoice")
    for typed in (number, number.lower(), "42", "000042"):
        assert [each.invoice.number for each in find_numbered(account_id, typed)] == [number]
    for wrong in ("73", "0", number[:-1], "x", "٤٢", "9" * 40, "9" * 5_000):
        assert find_numbered(account_id, wrong) == []


def test_years_reach_back_to_the_first_invoice(account_id: str) -> None:
    assert years_with_invoices(account_id, 2026) == [2026, 2025, 2024]
    assert years_with_invoices(unique("account"), 2026) == []
