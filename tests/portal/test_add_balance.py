"""Add Balance: paid once, whatever people and browsers do."""

import pytest
from playwright.sync_api import Route, expect

from tests.portal.adding import add, assert_paid_once
from tests.portal.people import NARROW, WIDE, People, type_card
from tests.portal.site import Site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_shortcut_and_the_saved_card_give_a_receipt_with_the_new_balance(
    people: People, site: Site, script: bool, width: int
) -> None:
    account = site.account()
    page = people.open(account, script=script, width=width)
    page.get_by_role("link", name="Add Balance").first.click()
    add(page)
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    expect(page.get_by_text("Your balance is now $25.00")).to_be_visible()
    expect(page.get_by_role("link", name="Download Invoice")).to_be_visible()
    assert_paid_once(site, account)
    page.reload()
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_paid_once(site, account)
    page.get_by_role("link", name="Done").click()
    expect(page.locator(".balance")).to_have_text("$25.00")
    assert people.complaints == []


def test_the_bank_asks_in_the_page_and_the_payment_goes_on(people: People, site: Site) -> None:
    account = site.account(method="pm_card_authenticationRequired")
    page = people.open(account, "/add-balance")
    add(page)
    expect(page.get_by_role("heading", name="Your bank needs to verify it's you")).to_be_visible()
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_paid_once(site, account)
    assert people.complaints == []


def test_a_verification_that_fails_is_told_and_charges_nothing(people: People, site: Site) -> None:
    account = site.account(method="pm_card_authenticationRequired")
    page = people.open(account, "/add-balance")
    add(page)
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("heading", name="This payment didn't go through")).to_be_visible()
    assert site.charges(account) == []


def test_without_script_the_way_through_the_bank_is_clear(people: People, site: Site) -> None:
    account = site.account(method="pm_card_authenticationRequired")
    page = people.open(account, "/add-balance", script=False)
    add(page)
    expect(page.get_by_text("needs JavaScript")).to_be_visible()
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("status")).to_contain_text("No news yet")
    page.goto(page.url.partition("/payments")[0])
    expect(page.get_by_role("heading", name="Verification needed")).to_be_visible()
    expect(page.get_by_role("link", name="Verify payment")).to_be_visible()


def test_another_card_is_saved_in_the_page_and_the_amount_is_kept(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account, "/add-balance")
    page.get_by_label("$100.00", exact=True).check()
    page.get_by_role("button", name="Continue to save a card").click()
    type_card(page)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status")).to_contain_text("Your card is saved. Nothing was charged yet.")
    expect(page.get_by_label("$100.00", exact=True)).to_be_checked()
    expect(page.get_by_label("Visa ending in 4242")).to_be_checked()
    page.get_by_role("button", name="Pay $100.00").click()
    expect(page.get_by_text("Your balance is now $100.00")).to_be_visible()
    assert people.complaints == []


def test_a_card_typed_before_its_fields_listen_is_not_lost(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/payment_frame.js", hold)
    with page.expect_request("**/payment_frame.js"):
        page.goto(page.url + "/card")
    type_card(page)
    (script,) = held
    script.continue_()
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    assert people.complaints == []


def test_with_the_keyboard_alone(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account)

    def press_until(name: str, key: str = "Tab") -> None:
        for _ in range(40):
            page.keyboard.press(key)
            focused = page.evaluate(
                "() => (document.activeElement.labels?.[0]?.textContent || document.activeElement.textContent).trim()"
            )
            if focused == name:
                return
        raise AssertionError(f"{name} cannot be reached")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    press_until("Add Balance")
    page.keyboard.press("Enter")
    page.wait_for_url("**/add-balance**")
    press_until("$50.00")
    press_until("Another amount", "ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("42")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press_until("Pay $42.00")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="$42.00 added")).to_be_visible()
    assert_paid_once(site, account, 42)
