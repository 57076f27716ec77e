"""What was chosen before a card is saved is there afterwards, and the way leads nowhere else."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from chalicelib.auto_pay import table as auto_pays
from tests.portal.people import NARROW, WIDE, People, press, type_card
from tests.portal.site import Site


def save_card_by_keyboard(page: Page) -> None:
    type_card(page)
    press(page, "Save card")
    expect(page.get_by_role("status")).to_contain_text("Your card is saved. Nothing was charged yet.")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_plan_is_still_chosen_after_a_card_was_saved_by_keyboard(people: People, site: Site, width: int) -> None:
    account = site.account(method="")
    page = people.open(account, "/plan", width=width)
    page.get_by_label("Agency").first.focus()
    page.keyboard.press("Space")
    page.get_by_label("Phone number").fill("2")
    press(page, "Review what's due")
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
    press(page, "Save a card to continue")
    save_card_by_keyboard(page)
    expect(page.get_by_role("heading", name="Due today: $99.30")).to_be_visible()
    assert site.payments(account) == []
    press(page, "Confirm and pay $99.30")
    expect(page.get_by_role("heading", name="$99.30 paid")).to_be_visible()
    assert len(site.charges(account)) == 1


def test_auto_pays_amounts_are_still_there_after_a_card_was_saved(people: People, site: Site) -> None:
    account = site.account(balance="90", method="")
    page = people.open(account, "/auto-pay", locale="de-DE")
    page.get_by_label("Wenn das Guthaben fällt unter").fill("20,50")
    page.get_by_label("Die Karte belasten mit").fill("1.250,00")
    page.get_by_label("Monatslimit (freiwillig)").fill("2500")
    press(page, "Weiter zur Karte")
    type_card(page)
    press(page, "Karte speichern")
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.get_by_label("Wenn das Guthaben fällt unter")).to_have_value("20,50")
    expect(page.get_by_label("Die Karte belasten mit")).to_have_value("1250")
    expect(page.get_by_label("Monatslimit (freiwillig)")).to_have_value("2500")
    assert auto_pays.find(account) is None


def test_a_suggested_threshold_is_filled_in_and_checked_like_one_that_is_typed(site: Site) -> None:
    visitor = site.enter(site.account(balance="90"))
    assert 'name="threshold" type="text" value="20.50"' in visitor.get("/auto-pay?threshold=20.50").text
    for nothing in ("abc", "-5", "%3Cb%3E", "9" * 400):
        assert 'name="threshold" type="text" value=""' in visitor.get(f"/auto-pay?threshold={nothing}").text


@pytest.mark.parametrize(
    "then",
    ["https://evil.example", "//evil.example", "../other", "payments", "", "plan-preview/../..", "sign-out"],
)
def test_saving_a_card_leads_to_no_page_that_is_not_in_the_table(site: Site, then: str) -> None:
    visitor = site.enter(site.account())
    page = visitor.get(f"/card?{urlencode({'then': then, 'amount': '25'})}")
    assert 'name="then"' not in page.text
    assert "evil" not in page.text


def test_only_the_fields_of_a_page_are_carried(site: Site) -> None:
    visitor = site.enter(site.account())
    sent = {"then": "plan-preview", "plan": "agency", "add_on_phone_number": "2", "add_on_nothing": "1", "done": "x"}
    others = {"threshold": "5", "add_on_voice_features": "9" * 41}
    text = visitor.get(f"/card?{urlencode({**sent, **others})}").text
    kept = ["then", "plan", "add_on_phone_number"]
    assert [name for name in (*sent, *others) if f'name="{name}"' in text] == kept
