"""What a client lives through: its first card and balance, no payments for a while, and a card that is saved again."""

import pytest
from playwright.sync_api import Page, expect

from tests.portal.adding import USD
from tests.portal.axe import assert_accessible
from tests.portal.people import NARROW, WIDE, People, type_card
from tests.portal.site import Site, today

pytestmark = pytest.mark.browser


def assert_in_order(page: Page, width: int) -> None:
    """Check a page of the client: accessible, not wider than the screen, and without a word of the platform."""
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert "Example Platform" not in page.content()


def confirm_with_the_bank(page: Page) -> None:
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    challenge.get_by_role("button", name="Complete authentication").click()


def save_card(page: Page) -> None:
    """Save a card of a bank that asks for the customer, now and at each payment that the customer makes."""
    type_card(page, "4000 0025 0000 3155")
    page.get_by_role("button", name="Save card").click()
    confirm_with_the_bank(page)


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_client_pays_its_workspace_and_is_asked_for_its_card_again(people: People, site: Site, width: int) -> None:
    workspace = site.account(name="North Agency", balance="100")
    client = site.client(workspace, name="Bakery Bloom")
    page = people.open(client, width=width)
    expect(page.get_by_text("North Agency cannot take payments at the moment")).to_be_visible()
    assert_in_order(page, width)
    for path in ("/add-balance", "/card"):
        blocked = people.open(client, path, width=width)
        expect(blocked.get_by_text("Please contact North Agency.")).to_be_visible()
        expect(blocked.get_by_role("main").get_by_role("button")).to_have_count(0)

    site.connect(workspace)
    page.reload()
    expect(page.get_by_text("North Agency cannot take payments")).to_have_count(0)
    page.get_by_role("link", name="Add Balance").first.click()
    page.get_by_label("$25.00", exact=True).check()
    page.get_by_role("button", name="Continue to save a card").click()
    assert_in_order(page, width)
    save_card(page)
    page.get_by_role("button", name="Pay $25.00").click()
    confirm_with_the_bank(page)
    expect(page.get_by_role("heading", name="$25.00 added")).to_be_visible()
    assert_in_order(page, width)
    page.get_by_role("link", name="Done").click()
    expect(page.locator(".balance")).to_have_text("$25.00")
    assert site.balance(client) == 25 * USD
    page.get_by_role("link", name="Enable Auto-Pay (Recommended)").click()
    page.get_by_label("When your balance drops below").fill("10")
    page.get_by_label("Charge the card").fill("20")
    page.get_by_role("button", name="Turn on auto-pay").click()
    expect(page.get_by_role("status")).to_have_text("Auto-pay is on.")

    site.use(client, today())
    page.get_by_role("link", name="History", exact=True).click()
    assert_in_order(page, width)

    site.enter(workspace).post("/connection/break", {})
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page.get_by_text("North Agency cannot take payments at the moment")).to_be_visible()
    assert_in_order(page, width)
    site.connect(workspace)
    page.reload()
    expect(page.get_by_role("heading", name="Please save your card again")).to_be_visible()
    assert_in_order(page, width)
    page.get_by_role("link", name="Save a card").first.click()
    save_card(page)
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    expect(page.get_by_role("heading", name="Please save your card again")).to_have_count(0)
    assert people.complaints == []
