"""Several cards on the card page: add one, choose the default and the backup, remove one."""

from playwright.sync_api import expect

from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import catalog
from tests.portal.people import NARROW, People, type_card
from tests.portal.site import Site


def test_a_second_card_is_added_becomes_the_backup_then_the_default_and_is_removed(people: People, site: Site) -> None:
    account = site.account()
    page = people.open(account, "/card", width=NARROW)
    page.get_by_role("link", name="Add another card").click()
    expect(page.get_by_text("Your default card stays the same.")).to_be_visible()
    type_card(page, "5555 5555 5555 4444")
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_role("status")).to_have_text("Your card is saved. Your default card is still the same.")
    cards = page.locator(".cards > li")
    expect(cards).to_have_count(2)
    expect(cards.nth(0)).to_contain_text("Visa ending in 4242 Default")
    page.get_by_role("button", name="Use as backup").click()
    expect(cards.nth(1)).to_contain_text("Mastercard ending in 4444 Backup")
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page.get_by_role("region", name="Card on file")).to_contain_text("Backup: Mastercard ending in 4444")
    expect(page.get_by_role("region", name="Card on file")).to_contain_text(
        "Used for wallet refills."
    )  # no subscription
    home = page.url.rstrip("/")
    page.goto(f"{home}/add-balance")
    page.get_by_label("Mastercard ending in 4444 Backup").check()
    page.get_by_role("button", name="Pay $50.00").click()
    expect(page.get_by_text("Mastercard ending in 4444")).to_be_visible()
    page.goto(f"{home}/card")
    page.get_by_role("button", name="Make default").click()
    expect(cards.nth(0)).to_contain_text("Mastercard ending in 4444 Default")
    expect(cards.nth(1)).to_contain_text("Visa ending in 4242 Backup")
    cards.nth(1).get_by_text("Remove card").first.click()
    expect(page.get_by_text("we'll have no other card to try")).to_be_visible()
    cards.nth(1).get_by_role("button", name="Remove card").click()
    expect(page.get_by_role("status")).to_have_text("Your card is removed.")
    assert [card.last_four for card in get_payer(account).cards] == ["4444"]
    assert people.complaints == []


def test_removing_the_default_says_what_stops_and_needs_no_script(people: People, site: Site) -> None:
    account = site.account(balance="100")
    on = AutoPayRequest(enabled=True, threshold="20", amount="50", monthly_limit=None)
    change_settings(get_payer(account), on, actor="tester", catalog=catalog())
    page = people.open(account, "/card", script=False, locale="de-DE")
    page.get_by_text("Karte entfernen").first.click()
    expect(page.get_by_text("Die automatische Aufladung belastet diese Karte.")).to_be_visible()
    page.get_by_role("button", name="Karte entfernen").click()
    assert get_payer(account).cards == ()


def test_a_viewer_sees_the_cards_and_is_not_asked_to_update_them(site: Site) -> None:
    page = site.enter(site.account(), role="viewer").get("/card").text
    assert "<h1>Cards on file</h1>" in page
    assert "Update Card Info" not in page
