"""Issuing, on a table of its own: once a payment, without gaps, whoever comes at the same time or is cut off."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts import taxes_table
from chalicelib.accounts.account import Account, BillingDetails
from chalicelib.accounts.tax import tax_of
from chalicelib.accounts.taxes import DatedTaxes, Taxes
from chalicelib.catalog.catalog import catalog
from chalicelib.catalog.seller import Color
from chalicelib.catalog.tax import Tax
from chalicelib.invoices import brand, table
from chalicelib.invoices.brand import BrandRequest
from chalicelib.invoices.invoice import CreditExceedsInvoice, Invoice, NotCreditable, NotInvoiceable
from chalicelib.invoices.issue import issue, issue_for
from chalicelib.invoices.issue_credit_note import issue_credit_note
from chalicelib.invoices.issue_missing import issue_missing_documents
from chalicelib.invoices.issue_queued import issue_queued
from chalicelib.money import MICROS
from chalicelib.payments.line import Line as Charged
from chalicelib.payments.payment import Payment, PaymentNotFound
from tests.invoices.documents import refund
from tests.wire import calls_of, cut_off, cut_points

NewAccount = Callable[..., Account]
NewPayment = Callable[..., Payment]
THREADS = 16
VAT = Tax("VAT", 190_000, inclusive=True)
ADDED_VAT = replace(VAT, inclusive=False)


def sequences(account: Account) -> list[int]:
    """Return the places of all documents, the first one first."""
    return [each.sequence for each in table.newest(account.account_id, limit=100).invoices][::-1]


def test_a_payment_gets_the_next_number_and_says_who_paid_what_to_whom(
    account: Account, new_payment: NewPayment
) -> None:
    payment = new_payment(account)
    made = issue(payment, catalog())
    assert made.number == f"{account.account_id.upper()}-000001"
    assert made.seller.name == "Example Platform, Inc."
    assert (made.buyer.name, made.buyer.tax_id, made.buyer.country) == ("Acme Agency LLC", "98-7654321", "US")
    assert (made.total_micros, made.currency, made.due_micros) == (25 * MICROS, "usd", 0)
    assert [line.description for line in made.lines] == ["Wallet top-up"]
    assert made.paid
    assert (made.paid.payment_intent_id, made.paid.charge_id, made.paid.last_four) == ("pi_1", "ch_1", "4242")
    assert (made.cause, made.tax) == (payment.payment_id, None)


def test_the_same_payment_has_the_same_invoice_however_often_it_is_asked_for(
    account: Account, new_payment: NewPayment
) -> None:
    payment = new_payment(account)
    first = issue(payment, catalog())
    assert issue(payment, catalog()) == first
    assert issue_for(account.account_id, payment.payment_id, catalog()) == first
    assert sequences(account) == [1]


def test_what_is_issued_stays_as_it_is_when_the_account_changes(account: Account, new_payment: NewPayment) -> None:
    payment = new_payment(account)
    first = issue(payment, catalog())
    moved = replace(account, name="Other", country="FR", billing_details=BillingDetails("Other SA", ["Paris"]))
    accounts.change(moved)
    assert issue(payment, catalog()) == first
    assert table.get(account.account_id, 1) == first
    assert issue(new_payment(account), catalog()).buyer.name == "Other SA"


@pytest.mark.parametrize("state", ["created", "processing", "requires_action", "failed", "canceled"])
def test_a_payment_that_took_no_money_has_no_invoice(account: Account, new_payment: NewPayment, state: str) -> None:
    with pytest.raises(NotInvoiceable):
        issue(new_payment(account, state=state), catalog())
    assert sequences(account) == []


def test_sixteen_at_once_leave_no_gap_and_no_number_twice(account: Account, new_payment: NewPayment) -> None:
    paid = [new_payment(account) for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda payment: issue(payment, catalog()), paid))
    assert sorted(each.sequence for each in made) == list(range(1, THREADS + 1))
    assert {each.cause for each in made} == {each.payment_id for each in paid}
    assert sequences(account) == list(range(1, THREADS + 1))


def test_sixteen_who_ask_for_one_payment_get_one_invoice(account: Account, new_payment: NewPayment) -> None:
    payment = new_payment(account)
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda _: issue(payment, catalog()), range(THREADS)))
    assert made == [made[0]] * THREADS
    assert sequences(account) == [1]


def test_issuing_cut_off_anywhere_is_finished_by_its_repeat(new_account: NewAccount, new_payment: NewPayment) -> None:
    first = new_payment(new_account())
    for point in cut_points(lambda: issue(first, catalog())):
        account = new_account()
        payment, after = new_payment(account), new_payment(account)
        cut_off(lambda payment=payment: issue(payment, catalog()), point)  # type: ignore[misc]
        issue(after, catalog())
        issue(payment, catalog())
        assert sequences(account) == [1, 2]


def test_a_top_up_contains_the_inclusive_tax_that_was_in_force_when_it_was_made(
    new_account: NewAccount, new_payment: NewPayment
) -> None:
    account = new_account(currency="eur")
    made = issue(new_payment(account, tax=VAT), catalog())
    assert made.tax
    assert (made.tax.amount_micros, made.total_micros) == (3_990_000, 25 * MICROS)
    assert issue(new_payment(account, tax=ADDED_VAT), catalog()).tax is None
    assert issue(new_payment(account), catalog()).tax is None


def test_a_client_is_invoiced_by_its_workspace_with_its_colour(
    new_account: NewAccount, new_payment: NewPayment
) -> None:
    workspace = new_account(name="Northwind", billing_details=None)
    client = new_account(kind="client", workspace_id=workspace.account_id)
    brand.put_brand(workspace, BrandRequest(Color("#7a3e9d")))
    made = issue(new_payment(client), catalog())
    assert (made.seller.name, made.seller.color, made.seller.email) == ("Northwind", "#7a3e9d", workspace.email)


def test_a_client_pays_its_workspaces_tax_and_its_documents_show_it(
    new_account: NewAccount, new_payment: NewPayment
) -> None:
    workspace = new_account(country="FR")
    client = new_account(kind="client", workspace_id=workspace.account_id, country="DE")
    taxed = replace(catalog(), taxes={"DE": Tax("The operator's", 70_000, inclusive=True)})
    assert tax_of(client, taxed) is None
    taxes_table.write(workspace.account_id, Taxes((DatedTaxes(0, {"DE": VAT}, 0, "kim"),), 1), over=0)
    assert calls_of(lambda: tax_of(client, taxed)) == 1
    assert calls_of(lambda: tax_of(workspace, taxed)) == 0
    paid = new_payment(client, tax=tax_of(client, taxed))
    made, note = issue(paid, taxed), issue_credit_note(refund(paid, 25 * MICROS), taxed)
    for document in (made, note):
        assert document.tax
        assert (document.tax.name, document.tax.amount_micros) == ("VAT", 3_990_000)


def test_a_message_of_a_paid_payment_issues_its_invoice_and_a_bad_one_holds_up_no_other(
    account: Account, new_payment: NewPayment
) -> None:
    def message(number: int, detail: Any) -> dict[str, Any]:
        return {"messageId": f"m{number}", "body": json.dumps({"detail-type": "payment.succeeded", "detail": detail})}

    paid = [new_payment(account), new_payment(account, state="failed"), new_payment(account)]
    details: list[Any] = [{"account_id": account.account_id, "payment_id": each.payment_id} for each in paid]
    records = [message(number, detail) for number, detail in enumerate([*details, {}, None])]
    records.append({"messageId": "m5", "body": "not JSON"})
    assert issue_queued(records, catalog()) == ["m1", "m3", "m4", "m5"]
    assert issue_queued(records[:1], catalog()) == []
    assert sequences(account) == [1, 2]


def test_what_no_message_told_of_is_caught_up_with_the_oldest_first(account: Account, new_payment: NewPayment) -> None:
    paid = [new_payment(account, state=state) for state in ("succeeded", "failed", "succeeded")]
    issue_missing_documents(account.account_id, catalog())
    issue_missing_documents(account.account_id, catalog())
    found = table.newest(account.account_id, limit=10).invoices
    assert [each.cause for each in found] == [paid[2].payment_id, paid[0].payment_id]


def test_a_payment_that_cannot_be_invoiced_hides_no_other(account: Account, new_payment: NewPayment) -> None:
    wrong = new_payment(account, kind="subscription", lines=(Charged("Starter", 1, MICROS, MICROS),))
    with pytest.raises(ValueError, match="charged beyond the lines"):
        issue(wrong, catalog())
    right = new_payment(account)
    issue_missing_documents(account.account_id, catalog())
    assert [each.cause for each in table.newest(account.account_id, limit=10).invoices] == [right.payment_id]


def test_a_refund_has_one_credit_note_in_the_same_sequence(account: Account, new_payment: NewPayment) -> None:
    payment = new_payment(account)
    back = refund(payment, 10 * MICROS)
    note = issue_credit_note(back, catalog())
    assert issue_credit_note(back, catalog()) == note
    assert (note.sequence, note.credits) == (2, table.get(account.account_id, 1).number)
    assert note.number == f"{account.account_id.upper()}-CN-000002"
    assert issue(new_payment(account), catalog()).sequence == 3


def test_no_more_is_credited_than_was_invoiced(account: Account, new_payment: NewPayment) -> None:
    payment = new_payment(account)
    issue_credit_note(refund(payment, 20 * MICROS), catalog())
    with pytest.raises(CreditExceedsInvoice) as refusal:
        issue_credit_note(refund(payment, 6 * MICROS), catalog())
    assert "5.00 usd" in refusal.value.detail
    issue_credit_note(refund(payment, 5 * MICROS), catalog())
    assert sequences(account) == [1, 2, 3]


@pytest.mark.parametrize("changes", [{"state": "failed"}, {"stripe_refund_id": None, "state": "created"}])
def test_a_refund_that_is_not_made_or_came_back_has_no_credit_note(
    account: Account, new_payment: NewPayment, changes: dict[str, Any]
) -> None:
    with pytest.raises(NotCreditable):
        issue_credit_note(refund(new_payment(account), MICROS, **changes), catalog())


def test_a_refund_of_an_unknown_payment_is_refused(account: Account, new_payment: NewPayment) -> None:
    back = replace(refund(new_payment(account), MICROS), payment_id="pay_none")
    with pytest.raises(PaymentNotFound):
        issue_credit_note(back, catalog())


def test_sixteen_refunds_at_once_share_the_tax_to_the_micro(new_account: NewAccount, new_payment: NewPayment) -> None:
    payment = new_payment(new_account(currency="eur"), amount_micros=16 * 1_370_000, tax=VAT)
    backs = [refund(payment, 1_370_000) for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        notes = list(pool.map(lambda back: issue_credit_note(back, catalog()), backs))
    made = table.get(payment.account_id, 1)
    assert sorted(note.sequence for note in notes) == list(range(2, THREADS + 2))
    assert sum(note.tax_micros for note in notes) == made.tax_micros == 3_500_000
    assert sum(note.total_micros for note in notes) == made.total_micros


def test_crediting_cut_off_anywhere_is_finished_by_its_repeat(new_account: NewAccount, new_payment: NewPayment) -> None:
    first = refund(new_payment(new_account()), MICROS)
    for point in cut_points(lambda: issue_credit_note(first, catalog())):
        account = new_account()
        back = refund(new_payment(account), 20 * MICROS)
        cut_off(lambda back=back: issue_credit_note(back, catalog()), point)  # type: ignore[misc]
        assert issue_credit_note(back, catalog()).sequence == 2
        assert sequences(account) == [1, 2]
        with pytest.raises(CreditExceedsInvoice):
            issue_credit_note(replace(back, stripe_refund_id="re_other", amount_micros=6 * MICROS), catalog())


def test_a_list_goes_on_where_it_ended(account: Account, new_payment: NewPayment) -> None:
    for _ in range(5):
        issue(new_payment(account), catalog())
    found: list[Invoice] = []
    cursor = None
    for _ in range(3):
        listed = table.newest(account.account_id, limit=2, cursor=cursor)
        found += listed.invoices
        cursor = listed.next_cursor
    assert cursor is None
    assert [each.sequence for each in found] == [5, 4, 3, 2, 1]
