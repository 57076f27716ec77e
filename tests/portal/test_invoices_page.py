"""The invoices page: what each invoice was for, what became of it, and the way to its payment and back."""

import re

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from chalicelib.payments import table
from tests.portal.people import NARROW, WIDE, People
from tests.portal.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def account(site: Site) -> str:
    """Return an account with invoices for a top-up, which is partly refunded, and for a plan."""
    account = site.account(balance="9")
    visitor = site.enter(account)
    visitor.post("/add-balance", {"attempt": "1", "amount": "25.00", "named": "25.00"})
    visitor.post("/plan", {"attempt": "2", "plan": "starter"})
    top_up = next(each for each in site.payments(account) if each.kind == "top_up")
    table.change(top_up, lambda payment: replace(payment, dispute_status="needs_response"))
    return account


def rows(page: Page, section: str) -> list[str]:
    return page.get_by_role("region", name=section).locator("tbody tr").all_inner_texts()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_invoice_says_what_for_and_what_became_of_it_and_can_be_downloaded(
    people: People, account: str, width: int
) -> None:
    page = people.open(account, "/invoices", script=False, width=width)
    top_up, plan = sorted(rows(page, "Invoices"), key=lambda row: "Subscription" in row)
    assert re.search(r"PERSON-\d+-00000\d.*Subscription.*Paid.*Download", plan, re.DOTALL)
    assert re.search(r"PERSON-\d+-00000\d.*Balance added.*Disputed.*Download", top_up, re.DOTALL)
    assert "$25.00" in top_up
    for link in page.get_by_role("link", name="Download").all():
        box = link.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
    assert all("$" in row for row in rows(page, "Payments"))


def test_a_question_of_the_bank_is_not_yet_a_dispute(people: People, site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    for attempt in ("1", "2"):
        visitor.post("/add-balance", {"attempt": attempt, "amount": "25.00", "named": "25.00"})
    asked, disputed = site.payments(account)
    table.change(asked, lambda payment: replace(payment, dispute_status="warning_needs_response"))
    table.change(disputed, lambda payment: replace(payment, dispute_status="needs_response"))
    page = people.open(account, "/invoices", script=False)
    for section in ("Invoices", "Payments"):
        badges = page.get_by_role("region", name=section).locator(".badge")
        assert sorted(badges.all_inner_texts()) == ["Bank inquiry", "Disputed"]
        expect(badges.filter(has_text="Bank inquiry")).to_have_class("badge open")
    for payment, said in ((asked, "Bank inquiry"), (disputed, "Disputed")):
        page = people.open(account, f"/payments/{payment.payment_id}", script=False)
        expect(page.locator(".pairs div").filter(has_text="Status").locator(".badge")).to_have_text(said)


def test_an_invoice_leads_to_its_payment_and_the_payment_to_its_invoice(people: People, account: str) -> None:
    page = people.open(account, "/invoices", script=False)
    page.get_by_role("region", name="Invoices").get_by_role("link", name="Subscription").click()
    expect(page).to_have_url(re.compile(r"/payments/pay_"))
    payment = page.url.rpartition("/")[2]
    page.go_back()
    invoice = page.get_by_role("region", name="Payments").get_by_role("link", name="Invoice").first
    expect(invoice).to_have_attribute("href", re.compile(f"/payments/{payment}/invoice$"))


def test_invoices_are_filtered_by_purpose_and_found_by_number(people: People, account: str) -> None:
    page = people.open(account, "/invoices", script=False)
    page.get_by_label("For", exact=True).select_option("Subscription")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile("purpose=subscription"))
    assert len(rows(page, "Invoices")) == 1
    page.get_by_label("For", exact=True).select_option("Credit notes")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("No invoices match.")).to_be_visible()
    page.get_by_label("Find an invoice by its number").fill("1")
    page.get_by_role("button", name="Find").click()
    assert "000001" in rows(page, "Invoices")[0]
    page.get_by_label("Find an invoice by its number").fill("ACME-7")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("status")).to_have_text("There is no invoice with the number “ACME-7”.")
    page.get_by_role("link", name="Show all").click()
    assert len(rows(page, "Invoices")) == 2


def test_a_filter_that_is_no_year_shows_all(site: Site, account: str) -> None:
    visitor = site.enter(account)
    for year in ("1999", "9999", "0"):
        assert visitor.get(f"/invoices?year={year}").text.count("Download<span") == 2
    assert visitor.get("/invoices?year=soon").status_code == 422
