"""Credit notes are issued by themselves once a refund has gone out, and taken back where it comes back."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.catalog.tax import Tax
from chalicelib.invoices import handlers, table
from chalicelib.invoices.invoice import Invoice, TaxLine
from chalicelib.invoices.issue import issue
from chalicelib.invoices.issue_credit_note import issue_counter_invoice, issue_credit_note, issue_credit_notes
from chalicelib.invoices.issue_missing import issue_missing_documents
from chalicelib.invoices.pdf.document import draw
from chalicelib.money import MICROS
from chalicelib.payments.line import Line as Charged
from chalicelib.payments.payment import DAY_MS, Failure, Payment
from chalicelib.reversals.refund import Refund
from tests.api import Api
from tests.invoices import documents
from tests.invoices.refund_records import Record, record, written
from tests.notices.records import record as stream_record
from tests.payments.payer import Payer
from tests.reversals.refunder import moves, refund_payment, tell
from tests.wire import cut_off, cut_points

NewAccount = Callable[..., Account]
NewPayment = Callable[..., Payment]


def came_back(refund: Refund) -> Refund:
    return replace(refund, state="failed", failed_at_ms=documents.AT_MS + 5 * DAY_MS, failure=Failure("lost_card"))


def deliver(*records: Record) -> list[str]:
    """Call the function as Lambda does; return the sequence numbers of the records that are to come again."""
    answer = handlers.issue_credit_notes({"Records": list(records)}, None)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def issued(account: Account | Payer) -> list[Invoice]:
    """Return all documents of an account, the first one first."""
    return table.newest(account.account_id, limit=100).invoices[::-1]


def kinds(account: Account | Payer) -> list[str]:
    return [each.kind for each in issued(account)]


def sequence_number(of: Record) -> str:
    return str(of["dynamodb"]["SequenceNumber"])


def test_a_refund_that_went_out_gets_its_credit_note_once_however_often_it_is_told(
    account: Account, new_payment: NewPayment
) -> None:
    payment = new_payment(account)
    made = written(documents.refund(payment, 10 * MICROS), payment)
    asked = replace(made, state="created", stripe_refund_id=None)
    told = [record(None, asked), record(asked, replace(made, state="pending")), record(made, made)]
    assert deliver(*told) == []
    assert deliver(*told) == []
    invoice, note = issued(account)
    assert (note.kind, note.credits, note.total_micros) == ("credit_note", invoice.number, 10 * MICROS)
    assert (note.cause, note.sequence) == (made.stripe_refund_id, 2)


def test_a_refund_that_stripe_does_not_have_gets_none(account: Account, new_payment: NewPayment) -> None:
    payment = new_payment(account)
    asked = replace(documents.refund(payment, MICROS), state="created", stripe_refund_id=None, refunded_at_ms=None)
    assert deliver(record(None, written(asked, payment))) == []
    assert issued(account) == []


def test_other_rows_of_the_table_and_rows_that_are_gone_are_passed_over(
    account: Account, new_payment: NewPayment
) -> None:
    made = documents.refund(new_payment(account), MICROS)
    guard = {"account_id": account.account_id, "reversal_key": "guard", "begun": 1}
    dispute = {"account_id": account.account_id, "reversal_key": "pay_1#dispute#dp_1", "dispute_id": "dp_1"}
    others = [stream_record(None, each, keys=("account_id", "reversal_key")) for each in (guard, dispute)]
    assert deliver(*others, record(made, None)) == []
    assert issued(account) == []


def test_one_that_cannot_be_issued_comes_again_and_holds_up_no_other(account: Account, new_payment: NewPayment) -> None:
    wrong = new_payment(account, kind="subscription", lines=(Charged("Starter", 1, MICROS, MICROS),))
    right = new_payment(account)
    bad, good = (record(None, written(documents.refund(each, MICROS), each)) for each in (wrong, right))
    unknown = record(None, replace(documents.refund(right, MICROS), payment_id="pay_none"))
    assert deliver(bad, good, unknown) == [sequence_number(bad), sequence_number(unknown)]
    assert kinds(account) == ["invoice", "credit_note"]


def test_a_credit_note_is_taken_back_once_where_its_refund_comes_back(
    account: Account, new_payment: NewPayment
) -> None:
    payment = new_payment(account)
    made = written(documents.refund(payment, 10 * MICROS), payment)
    assert deliver(record(None, made)) == []
    back = written(came_back(made), payment)
    assert deliver(record(made, back)) == deliver(record(made, back)) == []
    _, note, counter = issued(account)
    assert (counter.kind, counter.credits, counter.total_micros) == ("invoice", note.number, note.total_micros)
    assert counter.number == f"{account.account_id.upper()}-000003"
    assert counter.cause == f"{made.stripe_refund_id}/failed"
    assert counter.paid
    assert (counter.paid.at_ms, counter.due_micros) == (back.failed_at_ms, 0)
    assert draw(counter, None).startswith(b"%PDF-")


def test_a_refund_of_which_nobody_heard_before_it_came_back_has_no_paper(
    account: Account, new_payment: NewPayment
) -> None:
    payment = new_payment(account)
    assert deliver(record(None, written(came_back(documents.refund(payment, MICROS)), payment))) == []
    assert issued(account) == []


def test_what_came_back_can_be_refunded_and_credited_again(account: Account, new_payment: NewPayment) -> None:
    payment = new_payment(account)
    for _ in range(3):
        made = written(documents.refund(payment, 25 * MICROS), payment)
        issue_credit_notes(payment, catalog())
        written(came_back(made), payment)
    assert deliver(record(None, written(documents.refund(payment, 25 * MICROS), payment))) == []
    assert kinds(account) == ["invoice", *["credit_note", "invoice"] * 3, "credit_note"]


@pytest.mark.parametrize("inclusive", [True, False])
def test_the_tax_of_all_documents_is_that_of_what_was_kept(
    new_account: NewAccount, new_payment: NewPayment, inclusive: bool
) -> None:
    account, tax = new_account(currency="eur"), Tax("VAT", 190_000, inclusive=inclusive)
    gross = 119_000_000 if not inclusive else 100_000_000
    lines = (Charged("Starter", 1, 100_000_000, 100_000_000),)
    payment = new_payment(account, kind="subscription", lines=lines, amount_micros=gross, tax=tax)
    invoice = issue(payment, catalog())
    parts = [written(documents.refund(payment, 3_330_000), payment) for _ in range(5)]
    issue_credit_notes(payment, catalog())
    for each in parts:
        written(came_back(each), payment)
    issue_credit_notes(payment, catalog())
    notes = [each for each in issued(account) if each.kind == "credit_note"]
    counters = [each for each in issued(account) if each.credits and each.kind == "invoice"]
    assert sum(each.tax_micros for each in notes) == sum(each.tax_micros for each in counters) > 0
    assert isinstance(invoice.tax, TaxLine)
    assert {each.tax.inclusive for each in counters if each.tax} == {inclusive}


def test_taking_back_cut_off_anywhere_is_finished_by_its_repeat(
    new_account: NewAccount, new_payment: NewPayment
) -> None:
    def noted() -> tuple[Account, Refund]:
        account = new_account()
        payment = new_payment(account)
        made = documents.refund(payment, 20 * MICROS)
        issue_credit_note(made, catalog())
        return account, came_back(made)

    _, first = noted()
    for point in cut_points(lambda: issue_counter_invoice(first)):
        account, back = noted()
        cut_off(lambda back=back: issue_counter_invoice(back), point)  # type: ignore[misc]
        counter = issue_counter_invoice(back)
        assert counter
        assert [each.sequence for each in issued(account)] == [1, 2, 3]
        again = replace(back, state="succeeded", stripe_refund_id="re_other", amount_micros=25 * MICROS)
        assert issue_credit_note(again, catalog()).sequence == 4


def test_over_http_the_transactions_of_a_returned_refund_lead_to_both_documents(api: Api, payer: Payer) -> None:
    payer.top_up()
    made = refund_payment(payer, "10")
    tell(payer)
    issue_missing_documents(payer.account_id, catalog())
    assert kinds(payer) == ["invoice", "credit_note"]
    payer.emulator.fail_refund(str(made.stripe_refund_id))
    tell(payer)
    issue_missing_documents(payer.account_id, catalog())
    assert kinds(payer) == ["invoice", "credit_note", "invoice"]
    for move, document in zip(moves(payer), issued(payer)[1:], strict=True):
        answer = api.get(f"/v1/accounts/{payer.account_id}/transactions/{move.id}/invoice")
        assert answer.status_code == 303
        assert document.number in answer.headers["Location"]
