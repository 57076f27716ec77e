"""Recurring charges: a workspace's charges and its clients', before and after ending them; a client's own."""

import re

import pytest
from playwright.sync_api import expect

from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_standing import StandingRequest, change_standing
from chalicelib.idempotency import Key
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.change import change
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.text import Line
from tests.amounts import without_times
from tests.portal.agency import Agency, new_agency
from tests.portal.axe import assert_accessible
from tests.portal.people import NARROW, WIDE, People
from tests.portal.site import Site

pytestmark = pytest.mark.browser


def subscribe(account_id: str, plan: str, **add_ons: int) -> None:
    wanted = SubscriptionRequest(plan=plan, add_ons=add_ons)
    change(get_payer(account_id), wanted, key=Key("plan", "customer"), actor="kim", catalog=catalog())


def refill(account_id: str) -> None:
    settings = AutoPayRequest(enabled=True, threshold="10", amount="25", monthly_limit="100")
    change_settings(get_payer(account_id), settings, actor="kim", catalog=catalog())


@pytest.fixture
def agency(site: Site) -> Agency:
    """Return a workspace with a yearly plan, a bakery with a plan and auto-pay, and flowers that were archived."""
    made = new_agency(site)
    subscribe(made.account_id, "agency_yearly", phone_number=2)
    subscribe(made.bakery, "starter")
    refill(made.bakery)
    subscribe(made.flowers, "starter")
    change_standing(accounts.get(made.flowers), StandingRequest("archived", Line("x")), actor="kim", catalog=catalog())
    return made


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_charge_is_on_one_page_with_its_total(people: People, agency: Agency, width: int) -> None:
    page = people.open(agency.account_id, script=False, width=width)
    page.get_by_role("link", name="Recurring charges").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recurring charges")
    expect(page.locator(".figures dd")).to_have_text(["$83.13", "$49.00"])
    own = page.get_by_role("region", name="You pay")
    expect(own).to_contain_text("2 × $13.80")
    expect(own).to_contain_text("$997.60 a year ($83.13 a month)")
    expect(own).to_contain_text("Next charge: $997.60 on")
    bakery = page.get_by_role("region", name="Bakery Bloom")
    expect(bakery).to_contain_text("Adds $25.00 whenever the balance drops below $10.00.")
    expect(bakery).to_contain_text("At most $100.00 in a calendar month.")
    flowers = page.get_by_role("region", name="Flowers & Co Archived")
    expect(flowers).to_contain_text(re.compile("Canceled. It ends on .* and won.t be charged again"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_clients_charges_are_ended_where_they_are_listed_by_keyboard_alone(people: People, agency: Agency) -> None:
    page = people.open(agency.account_id, "/recurring")
    assert_accessible(page)
    for label in ("Cancel the subscription", "Turn off auto-pay"):
        page.locator("summary").filter(has_text=label).focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=f"{label} Bakery Bloom")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("It is ended.")
    assert subscriptions.get(agency.bakery).cancel_at_period_end
    settings = auto_pay.find(agency.bakery)
    assert settings is not None
    assert not settings.enabled
    expect(page.locator(".figures dd")).to_have_text(["$83.13", "$0.00"])
    assert people.complaints == []


def test_it_is_linked_before_and_after_cancelling(people: People, agency: Agency) -> None:
    page = people.open(agency.account_id, "/plan", script=False)
    page.get_by_text("Cancel the subscription").first.click()
    expect(page.get_by_role("link", name="See your other recurring charges")).to_be_visible()
    page.get_by_role("button", name="Cancel the subscription").click()
    page.get_by_role("link", name="See what you're still charged for").click()
    expect(page.get_by_role("region", name="You pay")).to_contain_text("Canceled. It ends on")
    expect(page.locator(".figures dd")).to_have_text(["$0.00", "$49.00"])


def test_a_client_sees_its_own_charges_alone(people: People, site: Site, agency: Agency) -> None:
    page = people.open(agency.bakery, "/recurring", locale="de-DE")
    expect(page.locator(".figures dt")).to_have_text(["Sie zahlen"])
    assert_accessible(page)
    text = without_times(site.enter(agency.bakery).get("/recurring").text)
    for secret in (agency.account_id, "83.13", "Flowers", "Your clients", "Example Platform"):
        assert secret not in text


def test_a_client_can_end_nothing_of_another_and_a_viewer_nothing(site: Site, agency: Agency) -> None:
    fields = {"client": agency.bakery, "what": "subscription"}
    assert site.enter(site.account()).post("/recurring/end", fields).status_code == 404
    assert site.enter(agency.flowers).post("/recurring/end", fields).status_code == 403
    assert site.enter(agency.account_id, role="viewer").post("/recurring/end", fields).status_code == 403
    assert site.enter(agency.account_id).post("/recurring/end", {**fields, "what": "all"}).status_code == 422
    assert not subscriptions.get(agency.bakery).cancel_at_period_end
    shown = site.enter(agency.account_id, role="viewer").get("/recurring").text
    assert "/recurring/end" not in shown


def test_an_account_without_any_is_told_so(people: People, site: Site) -> None:
    page = people.open(site.account(), "/recurring")
    expect(page.locator(".empty")).to_contain_text("your card is charged only when you add balance yourself")
    assert_accessible(page)


def test_more_clients_than_fit_are_a_page_away(people: People, site: Site) -> None:
    from tests.usage.agency import Agency as Workspace  # noqa: PLC0415

    many = Workspace(200)
    page = people.open(many.id, "/recurring", script=False)
    expect(page.get_by_text("The total covers those on this page")).to_be_visible()
    page.get_by_role("link", name="More clients").click()
    expect(page.get_by_role("link", name="More clients")).to_have_count(0)
    page.get_by_role("link", name="First page").click()
    expect(page.get_by_role("heading", name="You pay")).to_be_visible()
