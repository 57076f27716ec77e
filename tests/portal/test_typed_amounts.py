"""Amounts typed on Add Balance: read as people write, shown and asked about where they could be misread."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.portal.adding import assert_paid_once
from tests.portal.people import People
from tests.portal.site import Site

OTHERS = ("10/20", "2x50", "25€ (VAT 5)", "1O0", "1e2", "25 GBP", "€25", "--5", "+5", "1,00", "10.5.5")
"""Texts that are no amount of dollars, though there are digits in them."""


def test_a_free_amount_is_read_as_it_is_written_here(people: People, site: Site) -> None:
    account = site.account(currency="eur")
    page = people.open(account, "/add-balance", locale="de-DE", script=False)
    page.get_by_label("Anderer Betrag").check()
    page.get_by_label("Betrag in EUR").fill("1.234,50")
    page.get_by_role("button", name="Prüfen und bezahlen").click()
    expect(
        page.get_by_text(re.compile(r"Sie haben 1\.234,50 eingegeben\. Wir buchen 1\.234,50\s€ ab\."))
    ).to_be_visible()
    assert site.payments(account) == []
    page.get_by_role("button", name="bezahlen").click()
    expect(page.get_by_role("heading", name=re.compile(r"1\.234,50\s€ aufgeladen"))).to_be_visible()


REFUSED = (
    ("3", "Choose an amount from $10.00 to $5,000.00."),
    ("9000", "Choose an amount from $10.00 to $5,000.00."),
    ("abc", "Enter an amount in USD, like 25.50."),
    ("", "Enter an amount in USD, like 25.50."),
    ("20.005", "Use at most 2 decimals, like 25.50."),
    ("1.000", "Use at most 2 decimals, like 25.50."),
    *((typed, "Enter an amount in USD, like 25.50.") for typed in OTHERS),
)


def test_an_amount_that_does_not_work_is_told_beside_its_field(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance", script=False)
    form = page.url
    for typed, told in REFUSED:
        page.goto(form)
        page.get_by_label("Another amount").check()
        page.get_by_label("Amount in USD").fill(typed)
        page.get_by_role("button", name="Review and pay").click()
        expect(page.get_by_role("alert"), typed).to_contain_text(told)
        expect(page.locator("#other-error"), typed).to_contain_text(told)
        expect(page.get_by_label("Another amount"), typed).to_be_checked()
        expect(page.get_by_label("Amount in USD"), typed).to_have_value(typed)
    assert site.payments(account) == []


def test_yen_with_decimals_is_told_as_that(people: People, site: Site) -> None:
    page = type_amount(people, site.account(currency="jpy"), "5000.5", "JPY")
    expect(page.locator("#other-error")).to_have_text("JPY has no decimals. Enter a whole amount, like 2500.")


def type_amount(people: People, account: str, typed: str, currency: str = "USD", *, script: bool = False) -> Page:
    page = people.open(account, "/add-balance", script=script)
    page.get_by_label("Another amount").check()
    page.get_by_label(f"Amount in {currency}").fill(typed)
    page.locator("button.main").click()
    return page


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(
    ("typed", "charged"), [("$25", "$25.00"), ("1,000", "$1,000.00"), ("usd 25", "$25.00"), ("251", "$251.00")]
)
def test_what_was_read_otherwise_than_typed_or_is_large_is_shown_and_asked_once(
    people: People, site: Site, typed: str, charged: str, script: bool
) -> None:
    account = site.account()
    page = type_amount(people, account, typed, script=script)
    expect(page.get_by_text(f"You typed {typed}. We'll charge {charged}.")).to_be_visible()
    assert site.payments(account) == []
    page.get_by_role("button", name=f"Pay {charged}").dblclick()
    expect(page.get_by_role("heading", name=f"{charged} added")).to_be_visible()
    page.go_back()  # the question's address stands for its payment now, as the form's does
    expect(page.get_by_role("heading", name=f"{charged} added")).to_be_visible()
    assert_paid_once(site, account, int(charged[1:-3].replace(",", "")))


def test_going_back_from_the_question_charges_nothing_and_keeps_the_amount(people: People, site: Site) -> None:
    account = site.account()
    page = type_amount(people, account, "1,000")
    page.get_by_role("link", name="Go back").click()
    expect(page.get_by_label("Another amount")).to_be_checked()
    expect(page.get_by_label("Amount in USD")).to_have_value("1000")
    assert site.payments(account) == []


def test_a_question_that_is_answered_twice_or_with_another_amount_charges_once(site: Site) -> None:
    account = site.account()
    visitor = site.enter(account)
    token, asked = visitor.form_token(), {"attempt": "1", "amount": "other", "other": "1,000"}
    for confirmed in ({}, {"confirmed": "1000"}, {"confirmed": "25000000"}):
        answer = visitor.post("/add-balance", {**asked, **confirmed}, token)
        assert answer.status_code == 303
        assert "ask=1" in answer.headers["Location"]
    assert site.payments(account) == []
    agreed = {**asked, "confirmed": "1000000000"}
    other = {**agreed, "other": "2,000", "confirmed": "2000000000"}
    answers = [visitor.post("/add-balance", form, token) for form in (agreed, agreed, other)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"].partition("?")[0] for answer in answers}) == 1
    again = visitor.post("/add-balance", asked, token).headers["Location"]
    assert "/payments/" in visitor.get("/add-balance" + again.partition("/add-balance")[2]).headers["Location"]
    assert_paid_once(site, account, 1000)


def test_a_shortcut_beside_a_typed_amount_is_asked_about(people: People, site: Site) -> None:
    account = site.account()
    page = type_amount(people, account, "1O0")
    # Browsers without `:has` show the field beside every shortcut, and without script the typing chooses nothing.
    page.get_by_label("Amount in USD").fill("30")
    page.get_by_label("$50.00", exact=True).check()
    page.get_by_role("button", name="Review and pay").click()
    expect(page.get_by_text("You chose $50.00, and typed 30 beside it. We'll charge $50.00.")).to_be_visible()
    assert site.payments(account) == []
    page.get_by_role("button", name="Pay $50.00").click()
    expect(page.get_by_role("heading", name="$50.00 added")).to_be_visible()
    assert_paid_once(site, account, 50)


def test_only_a_shortcut_can_be_chosen(site: Site) -> None:
    account = site.account()
    answer = site.enter(account).post("/add-balance", {"attempt": "1", "amount": "10/20"})
    assert answer.status_code == 422
    assert "Enter an amount in USD, like 25.50." in answer.text
    assert site.payments(account) == []
