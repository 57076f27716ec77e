import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.accounts.account import BillingDetails
from chalicelib.catalog.tax import Tax, minor_unit_micros
from chalicelib.invoices.invoice import CreditExceedsInvoice, Line, TaxLine, buyer_of, lines_of, one_line, tax_line
from chalicelib.invoices.issue_credit_note import credit_note, credited_after
from chalicelib.invoices.table import CreditedAmount
from chalicelib.money import MICROS, card_step_micros
from chalicelib.payments.line import Line as Charged
from tests.invoices import documents
from tests.invoices.documents import AT_MS, account, invoice, payment, refund

currencies = st.sampled_from(["usd", "eur", "jpy", "kwd", "isk"])
rates = st.integers(1, 999_999)
steps = st.integers(1, 10**7)
taxes = st.builds(Tax, st.just("VAT"), rates, st.booleans())


@given(steps, rates, currencies)
def test_an_included_tax_and_the_rest_are_the_amount_to_the_micro(number: int, rate: int, currency: str) -> None:
    gross = number * card_step_micros(currency)
    tax = Tax("VAT", rate, inclusive=True).included_in(gross, currency)
    unit = minor_unit_micros(currency)
    assert 0 <= tax <= gross
    assert tax % unit == 0
    # Half up: what is exact is at most half a unit away.
    assert abs(tax * (MICROS + rate) - gross * rate) * 2 <= unit * (MICROS + rate)


@given(steps, rates, currencies)
def test_an_added_tax_makes_a_sum_that_a_card_can_be_charged(number: int, rate: int, currency: str) -> None:
    step = card_step_micros(currency)
    tax = Tax("VAT", rate, inclusive=False).added_to(number * step, currency)
    assert tax % step == 0
    assert abs(tax * MICROS - number * step * rate) * 2 <= step * MICROS


@pytest.mark.parametrize(
    ("gross", "rate", "currency", "tax"),
    [
        (119_000_000, 190_000, "eur", 19_000_000),
        (25_000_000, 190_000, "eur", 3_990_000),
        (35_000 * MICROS, 100_000, "jpy", 3_182 * MICROS),
        (12_340_000, 50_000, "kwd", 588_000),
        (1_400 * MICROS, 240_000, "isk", 271 * MICROS),
        (10_000, 190_000, "eur", 0),
    ],
)
def test_included_taxes_computed_by_hand(gross: int, rate: int, currency: str, tax: int) -> None:
    assert Tax("VAT", rate, inclusive=True).included_in(gross, currency) == tax


@given(st.lists(st.tuples(st.integers(-(10**9), 10**10), st.integers(1, 50)), min_size=1, max_size=30), taxes)
def test_the_lines_with_the_tax_are_always_the_total(amounts: list[tuple[int, int]], tax: Tax) -> None:
    lines = tuple(one_line(f"{quantity} things", amount * 10_000) for amount, quantity in amounts)
    net = sum(line.amount_micros for line in lines)
    if net < 0:
        return
    total = net if tax.inclusive else net + tax.added_to(net, "usd")
    found = tax_line(tax, lines, total, "usd")
    made = invoice(lines=lines, tax=found)
    assert made.total_micros == total
    assert made.subtotal_micros + made.added_tax_micros == total


def test_a_document_whose_lines_are_not_its_total_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="not 26000000 together"):
        invoice(total_micros=26 * MICROS)


def test_a_top_up_contains_an_inclusive_tax_and_has_no_room_for_an_exclusive_one() -> None:
    lines = (one_line("Wallet top-up", 119 * MICROS),)
    assert tax_line(Tax("VAT", 190_000, inclusive=True), lines, 119 * MICROS, "eur") == TaxLine(
        "VAT", 190_000, inclusive=True, amount_micros=19 * MICROS
    )
    assert tax_line(Tax("VAT", 190_000, inclusive=False), lines, 119 * MICROS, "eur") is None
    assert tax_line(None, lines, 119 * MICROS, "eur") is None


def test_what_was_charged_beyond_the_lines_is_written_down_as_tax_only_if_it_is_the_tax() -> None:
    lines = (one_line("Starter", 100 * MICROS),)
    tax = Tax("VAT", 190_000, inclusive=False)
    assert tax_line(tax, lines, 119 * MICROS, "eur") == TaxLine(
        "VAT", 190_000, inclusive=False, amount_micros=19 * MICROS
    )
    for wrong, total in (
        (tax, 118 * MICROS),
        (None, 119 * MICROS),
        (Tax("VAT", 190_000, inclusive=True), 119 * MICROS),
    ):
        with pytest.raises(ValueError, match="charged beyond the lines"):
            tax_line(wrong, lines, total, "eur")


def test_a_subscription_payment_brings_its_lines() -> None:
    charged = (
        Charged("Starter", 1, 49 * MICROS, 24_500_000, AT_MS, AT_MS + 1000),
        Charged("Unused: phone number, 3 of 30 days", 2, -1_150_000, -230_000, AT_MS, AT_MS + 1000),
        Charged("Carried over", 1, 30_000, 30_000),
    )
    lines = lines_of(payment("acme", kind="subscription", lines=charged), "Subscription")
    assert [line.amount_micros for line in lines] == [24_500_000, -230_000, 30_000]
    assert [line.quantity_micros for line in lines] == [MICROS, 2 * MICROS, MICROS]
    assert lines[0].period
    assert lines[2].period is None


def test_a_top_up_is_one_line_at_what_the_card_was_charged() -> None:
    assert lines_of(payment("acme"), "Wallet top-up") == (
        Line(
            description="Wallet top-up",
            amount_micros=25 * MICROS,
            quantity_micros=MICROS,
            unit_price_micros=25 * MICROS,
        ),
    )


def test_an_account_without_billing_details_is_invoiced_under_its_name() -> None:
    buyer = buyer_of(account(billing_details=None, name="Bakery"))
    assert (buyer.name, buyer.email, buyer.address) == ("Bakery", "billing@acme.example", ())


def test_the_country_on_an_invoice_is_what_the_buyer_says_else_the_accounts() -> None:
    riyadh = BillingDetails("Horizon", ["King Fahd Road 123", "Riyadh 12345"], country="SA")
    for country, details, shown in (
        ("DE", riyadh, "SA"),
        (None, riyadh, "SA"),
        ("DE", replace(riyadh, country=None), "DE"),
        (None, None, None),
    ):
        buyer = buyer_of(account(country=country, locale="de-DE", billing_details=details))
        assert buyer.country == shown


@given(st.lists(st.integers(1, 2_000), min_size=1, max_size=12), rates, st.booleans())
def test_the_taxes_of_all_credit_notes_are_the_tax_of_the_invoice(parts: list[int], rate: int, inclusive: bool) -> None:
    lines = (one_line("Wallet top-up", sum(parts) * 10_000),)
    net = lines[0].amount_micros
    tax = Tax("VAT", rate, inclusive)
    amount = tax.included_in(net, "usd") if inclusive else tax.added_to(net, "usd")
    made = invoice(lines=lines, tax=TaxLine("VAT", rate, inclusive, amount))
    paid = payment("acme", amount_micros=made.total_micros)
    amounts = [part * 10_000 for part in parts]
    amounts[-1] += made.total_micros - sum(amounts)
    credited, notes = CreditedAmount(), []
    for sequence, each in enumerate(amounts, 43):
        after = credited_after(made, credited, each)
        notes.append(credit_note(refund(paid, each), made, sequence, after.tax_micros - credited.tax_micros, AT_MS))
        credited = after
    assert sum(note.total_micros for note in notes) == made.total_micros
    assert sum(note.tax_micros for note in notes) == made.tax_micros
    assert all(note.tax_micros >= 0 for note in notes)
    with pytest.raises(CreditExceedsInvoice):
        credited_after(made, credited, 1)


def test_a_credit_note_names_its_invoice_and_the_refund() -> None:
    made = invoice()
    back = refund(payment("acme"), 10 * MICROS)
    note = credit_note(back, made, 43, 0, AT_MS)
    assert (note.number, note.credits, note.kind) == ("ACME-CN-000043", "ACME-000042", "credit_note")
    assert note.cause == back.stripe_refund_id
    assert note.paid
    assert note.paid.refund_id == back.stripe_refund_id
    assert note.paid.at_ms == back.refunded_at_ms
    assert note.lines == (one_line("Refund of invoice ACME-000042", 10 * MICROS),)
    assert note.buyer == made.buyer


def test_the_examples_hold_together() -> None:
    for each in (documents.arabic(), documents.yen(), documents.note(), invoice(lines=documents.many_lines(200))):
        assert each.subtotal_micros + each.added_tax_micros == each.total_micros
