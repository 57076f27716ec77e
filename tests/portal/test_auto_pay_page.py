"""Auto-pay on its page: what it would charge, what it refuses, why it is suspended."""

import pytest
from playwright.sync_api import Page, expect

from chalicelib.auto_pay import table as auto_pays
from tests.depth import some
from tests.portal.people import NARROW, WIDE, People
from tests.portal.site import Site
from tests.wait import wait_for


@pytest.mark.parametrize(("script", "width"), [(True, WIDE), (False, NARROW)])
def test_auto_pay_says_what_it_would_charge_before_it_does(
    people: People, site: Site, script: bool, width: int
) -> None:
    account = site.account(balance="12")
    page = people.open(account, "/auto-pay", script=script, width=width)
    page.get_by_label("When your balance drops below").fill("20")
    page.get_by_label("Charge the card").fill("5")
    page.get_by_role("button", name="Turn on auto-pay").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose an amount from $10.00 to $5,000.00.")
    page.get_by_label("Charge the card").fill("50")
    page.get_by_label("Monthly limit").fill("500")
    page.get_by_role("button", name="Turn on auto-pay").click()
    expect(page.get_by_role("heading", name="$50.00 will be charged now")).to_be_visible()
    assert site.payments(account) == []
    page.get_by_role("button", name="Save and charge $50.00").click()
    expect(page.get_by_role("status")).to_have_text("Auto-pay is on.")
    expect(
        page.get_by_text("When your balance drops below $20.00, we charge $50.00 to Visa ending in 4242.")
    ).to_be_visible()
    wait_for(lambda: site.balance(account) == 62_000_000)
    page.reload()
    expect(page.get_by_text("Monthly limit: $500.00. $50.00 charged so far this month.")).to_be_visible()
    page.get_by_role("link", name="Auto-pay settings").click()
    expect(page.get_by_label("Charge the card")).to_have_value("50")
    page.get_by_role("button", name="Turn off auto-pay").click()
    expect(page.get_by_role("status")).to_have_text("Auto-pay is off.")


def test_auto_pay_above_its_threshold_charges_nothing(people: People, site: Site) -> None:
    account = site.account(balance="90")
    page = people.open(account, "/auto-pay", script=False)
    page.get_by_label("When your balance drops below").fill("20")
    page.get_by_label("Charge the card").fill("25")
    page.get_by_role("button", name="Turn on auto-pay").click()
    expect(page.get_by_role("status")).to_have_text("Auto-pay is on.")
    kept = auto_pays.find(account)
    assert kept is not None
    assert (kept.enabled, kept.actor) == (True, f"owner:{account}")
    assert site.payments(account) == []


def test_a_threshold_of_nothing_charges_when_the_balance_is_used_up(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/auto-pay", script=False)
    page.get_by_label("When your balance drops below").fill("0")
    page.get_by_label("Charge the card").fill("50")
    page.get_by_role("button", name="Turn on auto-pay").click()
    expect(page.get_by_text("Your balance is used up. When you save, we charge $50.00")).to_be_visible()
    expect(page.get_by_text("below")).to_have_count(0)
    page.get_by_role("button", name="Save and charge $50.00").click()
    expect(page.get_by_text("When your balance is used up, we charge $50.00 to Visa ending in 4242.")).to_be_visible()


@pytest.mark.parametrize("field", ["When your balance drops below", "Charge the card", "Monthly limit"])
@pytest.mark.parametrize(
    ("typed", "told"),
    some(
        [
            ("10/20", "Enter an amount in USD, like 25.50."),
            ("1O0", "Enter an amount in USD, like 25.50."),
            ("€25", "Enter an amount in USD, like 25.50."),
            ("25.005", "Use at most 2 decimals, like 25.50."),
        ]
    ),
)
def test_auto_pay_refuses_beside_the_field_what_is_no_amount(
    people: People, site: Site, field: str, typed: str, told: str
) -> None:
    account = site.account(balance="90")
    page = fill_auto_pay(people, account, **{field: typed})
    wrong = page.locator(".field.wrong")
    expect(wrong).to_have_count(1)
    expect(wrong.get_by_label(field)).to_have_value(typed)
    expect(wrong).to_contain_text(told)
    assert auto_pays.find(account) is None


def fill_auto_pay(people: People, account: str, **typed: str) -> Page:
    """Send the form of auto-pay with three good amounts but for those that are given."""
    page = people.open(account, "/auto-pay", script=False)
    good = {"When your balance drops below": "20", "Charge the card": "25", "Monthly limit": "100"}
    for label, text in {**good, **typed}.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Turn on auto-pay").click()
    return page


def test_auto_pay_shows_how_it_read_amounts_and_asks_once(people: People, site: Site) -> None:
    account = site.account(balance="2000")
    texts = {"When your balance drops below": "1,000", "Charge the card": "$300", "Monthly limit": "1,200"}
    page = fill_auto_pay(people, account, **texts)
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    for sentence in (
        "You typed 1,000: we charge your card when your balance drops below $1,000.00.",
        "You typed $300: each refill is $300.00.",
        "You typed 1,200: we charge at most $1,200.00 in a calendar month.",
    ):
        expect(page.get_by_text(sentence)).to_be_visible()
    assert auto_pays.find(account) is None
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Auto-pay is on.")
    kept = auto_pays.find(account)
    assert kept is not None
    assert (kept.threshold_micros, kept.amount_micros, kept.monthly_limit_micros) == (
        *(1_000_000_000, 300_000_000),
        1_200_000_000,
    )
    page.goto(page.url.partition("?")[0] + "/auto-pay")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Auto-pay is saved.")  # nothing is new, so nothing is asked


def test_a_suspended_auto_pay_says_why_and_what_helps(people: People, site: Site) -> None:
    account = site.account(balance="12", method="pm_card_authenticationRequired")
    page = people.open(account, "/auto-pay", script=False)
    page.get_by_label("When your balance drops below").fill("20")
    page.get_by_label("Charge the card").fill("25")
    page.get_by_role("button", name="Turn on auto-pay").click()
    page.get_by_role("button", name="Save and charge $25.00").click()
    wait_for(lambda: bool((found := auto_pays.find(account)) and found.suspended_reason))
    page.reload()
    expect(page.get_by_role("heading", name="Auto-pay is suspended")).to_be_visible()
    expect(page.get_by_text("Your bank needs to verify it's you.").first).to_be_visible()
