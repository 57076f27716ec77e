"""The first page as journeys: a new account's steps, a dispute, and a payment that moves by itself."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import expect

from tests.portal.adding import add
from tests.portal.people import NARROW, WIDE, People, type_card
from tests.portal.site import Site
from tests.wait import wait_for

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_new_account_is_led_through_its_first_steps(people: People, site: Site, width: int) -> None:
    page = people.open(site.account(method=""), width=width)
    steps = page.get_by_role("region", name="Get started").get_by_role("listitem")
    expect(page.get_by_text("used up")).to_have_count(0)
    expect(steps).to_have_count(4)
    expect(steps.get_by_text("Done")).to_have_count(0)
    steps.get_by_role("link", name="Save a card").click()
    type_card(page)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    expect(steps.nth(0)).to_contain_text("Done")
    steps.get_by_role("link", name="Add balance").click()
    add(page)
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="Get started")).to_have_count(0)
    row = page.get_by_role("region", name="Recent transactions").get_by_role("listitem")
    expect(row).to_contain_text("Balance added")
    expect(row).to_contain_text("Credit")
    expect(row.get_by_role("link", name="Download Invoice")).to_be_visible()
    assert people.complaints == []


def test_a_viewer_is_offered_no_step(people: People, site: Site) -> None:
    page = people.open(site.account(method=""), session={"role": "viewer"}, script=False)
    expect(page.get_by_role("heading", name="Get started")).to_have_count(0)
    expect(page.get_by_text("used up")).to_have_count(0)
    expect(page.get_by_role("link", name="Help and contact")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_the_product_is_told_in_its_own_words(people: People, site: Site, locale: str) -> None:
    account = site.account(balance="40")
    page = people.open(account, script=False, locale=locale)
    if locale == "en-US":
        for said in ("Wallet balance", "Card on file", "Current subscription", "Recent transactions"):
            expect(page.get_by_role("heading", name=said)).to_be_visible()
        for name in ("Add Balance", "Update Card Info", "Enable Auto-Pay (Recommended)", "See all transactions"):
            expect(page.get_by_role("link", name=name)).to_be_visible()
    page.get_by_text("What's the difference" if locale == "en-US" else "Was ist der Unterschied").click()
    page.get_by_role("link", name="Help and contact" if locale == "en-US" else "Hilfe und Kontakt").click()
    expect(page.locator("main h2")).to_have_count(4)
    expect(page.get_by_role("link", name="billing@example.com")).to_be_visible()


def test_a_client_is_told_to_ask_its_workspace(people: People, site: Site) -> None:
    workspace = site.account(name="North Agency", email="hello@north.example")
    page = people.open(site.client(workspace), "/help", script=False)
    expect(page.get_by_text("Contact North Agency:")).to_be_visible()
    expect(page.get_by_role("link", name="hello@north.example")).to_be_visible()
    expect(page.get_by_text("example.com")).to_have_count(0)


def test_a_dispute_is_told_on_the_first_page_and_is_no_success_on_its_own(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance", script=False)
    add(page, "$50.00")
    expect(page.get_by_text("Your balance is now $50.00")).to_be_visible()
    receipt = page.url
    (payment,) = site.payments(account)
    site.control(f"payment_intents/{payment.payment_intent_id}/dispute", {})
    wait_for(lambda: site.balance(account) == 0)
    page.goto(receipt.partition("/payments")[0])
    banner = page.get_by_role("region", name="A payment is disputed")
    expect(banner).to_contain_text("we deduct it from your balance until it decides")
    banner.get_by_role("link", name="See payment").click()
    expect(page.get_by_role("heading", name="This payment is disputed")).to_be_visible()
    expect(page.get_by_text("$50.00 is held back from your balance.")).to_be_visible()
    expect(page.get_by_text("Your balance right after this payment: $50.00")).to_be_visible()
    expect(page.locator(".tick")).to_have_count(0)
    expect(page.get_by_role("link", name="Add more")).to_have_count(0)
    assert "needs response" not in page.content()


def test_an_old_receipt_shows_the_balance_of_its_own_time(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/add-balance", script=False)
    add(page)
    receipt = page.url
    page.goto(receipt.partition("/payments")[0] + "/add-balance")
    add(page, "$50.00")
    expect(page.get_by_text("Your balance is now $75.00")).to_be_visible()
    page.goto(receipt)
    expect(page.get_by_text("Your balance right after this payment: $25.00")).to_be_visible()


@pytest.fixture
def silence(site: Site) -> Iterator[None]:
    """Let Stripe send nothing: a payment that is processing stays so here until somebody asks."""
    site.fault("webhook_drop", event="*", times=0)
    yield
    site.clear_faults()


def ask_stripe(site: Site, account: str) -> bool:
    """Ask Stripe for an account's only payment, as the sweeper does; tell whether it has ended."""
    (payment,) = site.payments(account)
    url = f"{site.url}/v1/accounts/{account}/payments/{payment.payment_id}/refresh"
    assert requests.post(url, headers=site.operator, timeout=30).status_code in {200, 202, 402}
    return site.payments(account)[0].ended


@pytest.mark.parametrize(
    ("method", "heading", "trace"),
    [
        ("pm_emulator_processingSuccess", "$25.00 added", 0),
        ("pm_emulator_processingFail", "Your card was declined", 1),
    ],
)
@pytest.mark.usefixtures("silence")
def test_a_pending_payment_moves_by_itself(people: People, site: Site, method: str, heading: str, trace: int) -> None:
    account = site.account(method=method)
    page = people.open(account, "/add-balance")
    add(page)
    expect(page.get_by_role("heading", name="Your bank is processing this payment")).to_be_visible()
    expect(page.get_by_text("This page updates by itself.")).to_be_visible()
    expect(page.get_by_role("button", name="Check again")).to_be_visible()
    first = people.open(account)
    expect(first.get_by_role("heading", name="Your bank is processing a payment")).to_be_visible()
    wait_for(lambda: ask_stripe(site, account))
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(first.get_by_role("heading", name="Your bank is processing a payment")).to_have_count(0)
    expect(first.get_by_role("heading", name="A payment didn't go through")).to_have_count(trace)
    assert people.complaints == []


@pytest.mark.usefixtures("silence")
def test_asking_for_a_state_asks_nobody_else(site: Site) -> None:
    account = site.account(method="pm_emulator_processingSuccess")
    visitor = site.enter(account)
    visitor.post("/add-balance", {"attempt": "1", "amount": "25.00", "named": "25.00"})
    (payment,) = site.payments(account)
    path, calls = f"/payments/{payment.payment_id}/state", f"{site.system.stripe_url}/_control/calls"
    requests.delete(calls, timeout=30)
    assert visitor.get(path).json() == {"state": "processing", "text": "Your bank is processing this payment"}
    made = requests.get(calls, timeout=30).json()["data"]
    assert [each for each in made if str(payment.payment_intent_id) in str(each)] == []
    assert visitor.get("/payments/pay_0/state").status_code == 404
    assert requests.get(visitor.home + path, timeout=30).status_code == 401
