"""A workspace connects its Stripe account, tests it and disconnects it, on the portal's page and at Stripe."""

import pytest
import requests
from playwright.sync_api import expect

from chalicelib.connection import table
from tests.portal.axe import assert_accessible
from tests.portal.people import NARROW, WIDE, People, press
from tests.portal.site import Site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_an_account_is_connected_tested_and_disconnected_with_the_keyboard_alone(
    people: People, site: Site, width: int
) -> None:
    workspace = site.account()
    page = people.open(workspace, "/clients", width=width)
    press(page, "Stripe account")
    expect(page.get_by_text("No Stripe account is connected, so clients cannot pay.")).to_be_visible()
    assert_accessible(page)
    press(page, "Connect my account")
    with page.expect_popup() as opened:
        press(page, "Open Stripe")
    stripe = opened.value
    press(stripe, "Approve")
    expect(stripe.get_by_role("heading", name="Your Stripe account is connected")).to_be_visible()
    press(page, "I'm back, show the status")
    expect(page.get_by_text("Clients pay through this Stripe account.")).to_be_visible()
    expect(page.get_by_text(table.find(workspace).stripe_account_id or "none")).to_be_visible()
    assert_accessible(page)
    press(page, "Test the connection")
    expect(page.get_by_role("status")).to_have_text("Checked with Stripe just now.")
    press(page, "Disconnect")
    expect(page.get_by_text("Your clients can't pay until an account is connected again")).to_be_visible()
    assert_accessible(page)
    press(page, "Disconnect")
    expect(page.get_by_role("status")).to_have_text("Your Stripe account is disconnected.")
    assert table.find(workspace).state == "disconnected"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert people.complaints == []


def test_it_is_connected_without_javascript_too(people: People, site: Site) -> None:
    page = people.open(site.account(), "/connection", script=False)
    page.get_by_role("button", name="Set up a new account").click()
    link = page.get_by_role("link", name="Open Stripe").get_attribute("href")
    assert str(link).startswith(site.system.stripe_url)


def test_a_restricted_account_says_what_to_do(people: People, site: Site) -> None:
    workspace = site.account()
    site.connect(workspace)
    account = table.find(workspace).stripe_account_id
    site.control(f"accounts/{account}/restrict", {"disabled_reason": "requirements.past_due"})
    visitor = site.enter(workspace)
    assert visitor.post("/connection/test", {}).status_code == 303
    page = people.open(workspace, "/connection")
    expect(page.get_by_text("Stripe is missing information about the business.")).to_be_visible()
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page.get_by_role("heading", name="Your clients can't pay")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Stripe account").click()
    expect(page.get_by_role("heading", name="Your Stripe account")).to_be_visible()
    german = people.open(workspace, "/connection", session={"locale": "de"})
    expect(german.get_by_text("Stripe fehlen Angaben zum Unternehmen.")).to_be_visible()


def test_a_client_has_no_such_page_and_a_viewer_changes_nothing(site: Site) -> None:
    workspace = site.account()
    client = site.enter(site.client(workspace))
    paths = ("/connection/start", "/connection/test", "/connection/break")
    assert client.get("/connection").status_code == 404
    assert {client.post(path, {"way": "oauth"}).status_code for path in paths} == {404}
    viewer = site.enter(workspace, role="viewer")
    assert "Connect my account" not in viewer.get("/connection").text
    assert {viewer.post(path, {"way": "oauth"}).status_code for path in paths} == {403}
    assert site.enter(workspace).post("/connection/start", {"way": "by_post"}).status_code == 303
    assert table.find(workspace).state == "none"


def test_a_client_is_invited_from_its_page(people: People, site: Site) -> None:
    workspace = site.account(name="North Agency")
    client = site.client(workspace, email="bo@bakery.example")
    page = people.open(workspace, f"/clients/{client}", script=False)
    page.get_by_role("button", name="Invite bo@bakery.example to its billing pages").click()
    expect(page.get_by_role("status")).to_contain_text("Invitation sent.")
    expect(page.get_by_text("The link hasn't been opened yet")).to_be_visible()


def test_the_address_that_the_api_gives_leads_to_stripe_and_back(people: People, site: Site) -> None:
    workspace = site.account(name="North Agency")
    answer = requests.post(
        f"{site.url}/v1/accounts/{workspace}/stripe-connection",
        json={"way": "oauth"},
        headers=site.operator,
        timeout=30,
    )
    page = people.context(width=NARROW).new_page()
    page.goto(answer.json()["url"])
    expect(page.get_by_role("heading", name="Connect a Stripe account to North Agency?")).to_be_visible()
    expect(page.get_by_text("operator")).to_have_count(0)
    assert_accessible(page)
    page.get_by_role("button", name="Yes, continue to Stripe").click()
    assert_accessible(page)
    page.get_by_role("link", name="Open Stripe").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Your Stripe account is connected")).to_be_visible()
    assert table.find(workspace).state == "active"


def test_a_link_to_stripe_is_of_no_use_in_another_browser(people: People, site: Site) -> None:
    workspace = site.account()
    page = people.open(workspace, "/connection", script=False)
    page.get_by_role("button", name="Connect my account").click()
    link = page.get_by_role("link", name="Open Stripe").get_attribute("href")
    victim = people.open(site.account(), "/connection", script=False)
    victim.goto(str(link))
    victim.get_by_role("button", name="Approve").click()
    expect(victim.get_by_role("heading", name="Your Stripe account isn't connected")).to_be_visible()
    expect(victim.get_by_text("Open Billing in this browser and start again")).to_be_visible()
    assert table.find(workspace).state == "none"
