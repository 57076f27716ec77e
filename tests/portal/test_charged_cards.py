"""A card that is charged as soon as it is saved: the pages say so before, and that it happens after."""

from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from chalicelib.accounts import table as accounts
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.cards.remove_card import remove_card
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.payments.payment import DAY_MS, Failure
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.change import change
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.text import Line
from tests.portal.people import NARROW, People, type_card
from tests.portal.site import Site

pytestmark = pytest.mark.browser

NOT_CHARGED = "Saving a card doesn't charge it."
FOR_RENEWAL = "When you save the card, we'll charge $49.00 to it right away for your overdue subscription."
FOR_REFILL = "When you save the card, we'll charge $50.00 to it right away to refill your balance."


def owing(site: Site, **changes: Any) -> str:
    """Return an account whose renewal of $49 was declined just now by its card."""
    account = site.account(balance="20")
    wanted = SubscriptionRequest(plan="starter", add_ons={})
    change(get_payer(account), wanted, key=Key("plan", "customer"), actor="kim", catalog=catalog())
    found = subscriptions.get(account)
    owed = {"status": "past_due", "past_due_since_ms": now_ms(), "due_at_ms": now_ms() + 3 * DAY_MS}
    card = get_payer(account).chargeable_card
    fields = {
        **owed,
        "charged_card": card and card.payment_method_id,
        "failure": Failure("card_declined", "generic_decline"),
        **changes,
    }
    assert subscriptions.write(replace(found, **fields, version=found.version + 1), over=found)
    return account


def test_an_overdue_renewal_is_charged_to_the_card_that_is_saved_as_the_page_says(people: People, site: Site) -> None:
    account = owing(site)
    page = people.open(account, "/card", width=NARROW)
    expect(page.get_by_text(FOR_RENEWAL)).to_be_visible()
    expect(page.get_by_text(NOT_CHARGED)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    type_card(page, "5555 5555 5555 4444")
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status").first).to_have_text("Your card is saved.")
    expect(page.get_by_role("link", name="Pay now")).to_have_count(0)
    expect(page.get_by_text("$49.00").first).to_be_visible()
    while len(site.charges(account)) < 2:
        page.wait_for_timeout(200)
    assert [each["amount"] for each in site.charges(account)] == [4900, 4900]
    while subscriptions.get(account).status != "active":
        page.wait_for_timeout(200)
    page.goto(f"{page.url.partition('?')[0].rstrip('/')}/card")
    expect(page.get_by_text(NOT_CHARGED)).to_be_visible()


def test_a_card_that_is_saved_on_the_way_to_another_page_is_not_said_to_be_uncharged(
    people: People, site: Site
) -> None:
    page = people.open(owing(site), "/card?then=add-balance&amount=20.00")
    type_card(page)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status").first).to_have_text("Your card is saved.")
    assert "/add-balance" in page.url


def test_another_card_that_is_made_the_default_says_that_it_is_charged(people: People, site: Site) -> None:
    account = owing(site)
    page = people.open(account, "/card?adds=yes")
    expect(page.get_by_text(NOT_CHARGED)).to_be_visible()
    type_card(page, "5555 5555 5555 4444")
    page.get_by_role("button", name="Save card").click()
    expect(page.locator(".cards > li").nth(1)).to_contain_text(
        "If you make it the default, we'll charge $49.00 to it right away for your overdue subscription."
    )


def test_an_empty_wallet_is_refilled_with_the_card_that_auto_pay_waits_for(people: People, site: Site) -> None:
    account = site.account(balance="15")
    on = AutoPayRequest(enabled=True, threshold="10", amount="50", monthly_limit=None)
    change_settings(get_payer(account), on, actor="tester", catalog=catalog())
    remove_card(get_payer(account), None, actor="tester")
    debit = AdjustmentRequest("debit", "10", Line("Used"))
    adjust(accounts.get(account), debit, key=Key("used", "operator"), actor="tester")
    page = people.open(account)
    expect(page.get_by_role("region", name="Card on file")).to_contain_text(FOR_REFILL)
    page.get_by_role("link", name="Save a card").first.click()
    expect(page.get_by_text(FOR_REFILL)).to_be_visible()
    type_card(page)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status").first).to_contain_text("Your card is saved.")
    while not site.charges(account):
        page.wait_for_timeout(200)
    assert [each["amount"] for each in site.charges(account)] == [5000]


def test_what_the_card_paid_has_its_word_and_a_removed_card_is_not_said_to_be_missing_yet(
    people: People, site: Site
) -> None:
    account = owing(site)
    page = people.open(account, "/card")
    page.get_by_text("Remove card").first.click()
    page.get_by_role("button", name="Remove card").click()
    expect(page.get_by_role("region", name="Card on file")).to_contain_text("No card on file")
    expect(page.get_by_role("region", name="Card on file")).to_contain_text(FOR_RENEWAL)
    expect(page.locator(".recent .entry", has_text="Subscription").locator(".badge")).to_have_text("Card")
    expect(page.get_by_role("region", name="Get started")).to_have_count(0)
