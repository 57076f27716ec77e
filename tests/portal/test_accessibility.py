"""Axe on every page in light and dark; nothing wider than a small phone; motion and print as people ask for them."""

import pytest
from playwright.sync_api import expect

from chalicelib.accounts.table import clients_after
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.invoices.issue import issue_for
from chalicelib.ledger.post import post
from tests.build import receipt
from tests.portal.adding import add
from tests.portal.axe import assert_accessible
from tests.portal.people import HEIGHT, NARROW, WIDE, People
from tests.portal.site import Site, today

pytestmark = pytest.mark.browser


@pytest.fixture(scope="package")
def account(site: Site) -> str:
    """Return an account with something on every page."""
    account = site.account(balance="9")
    site.use(account, today(), today(1), number=4)
    site.use(account, today(1), meter="email")
    post([receipt(1, account, occurred_at_ms=now_ms() - 3_600_000)])
    site.change_card(account, expiry_year=2026, expiry_month=12)
    client = site.client(account, balance="9")
    site.use(client, today(), number=2)
    visitor = site.enter(account)
    visitor.post("/add-balance", {"attempt": "1", "amount": "25.00", "named": "25.00"})
    visitor.post("/plan", {"attempt": "2", "plan": "starter", "add_on_phone_number": "1"})
    return account


def paths(site: Site, account: str) -> list[str]:
    payment = site.payments(account)[0].payment_id
    client = clients_after(account, None, 1).ids[0]
    number = issue_for(account, payment, catalog()).number
    return [
        *("", f"/history?open={today(1)}.sms", "/history/csv", "/history/search?q=x", "/add-balance", "/card"),
        *("/auto-pay", "/invoices", "/details", "/plan", "/plan/preview?plan=agency&add_on_phone_number=2"),
        *(f"/add-balance?attempt=2&ask=1&amount=other&other={typed}" for typed in ("1,000", "1O0")),
        *(f"/payments/{payment}", "/payments/pay_0", "/history?meter=ai_call", "/history/search?q=event-1"),
        *("/recurring", "/help", "/usage", "/alerts", "/budgets", "/activity", "/statements"),
        *(f"/invoices/{number}/send", f"/bundles/{today()[:4]}"),
        *("/usage?group=client&period=90", f"/usage?client={client}", "/usage?from=2999-01-01"),
        *(f"/history?open={day}.llm_minute" for day in (today(), today(1))),
        *("/clients", "/clients?tab=archived", "/new-client", "/client-prices"),
        *(f"/clients/{client}{rest}" for rest in ("", "/standing?to=archived", "/credit", "/prices", "/move")),
        "/incoming-moves",
    ]


def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_a_small_phone(
    people: People, site: Site, account: str
) -> None:
    page = people.open(account)
    home = page.url
    for url in (*(home + path for path in paths(site, account)), f"{site.url}/portal"):
        page.goto(url)
        assert_accessible(page)
        page.set_viewport_size({"width": NARROW, "height": HEIGHT})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW, url
        page.set_viewport_size({"width": WIDE, "height": HEIGHT})


def test_axe_finds_nothing_on_pages_that_are_read_from_the_right(people: People, account: str) -> None:
    page = people.open(account, locale="ar")
    for link in ("نظرة عامة", "السجل"):
        page.get_by_role("link", name=link, exact=True).click()
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
        assert_accessible(page)


def test_axe_finds_nothing_on_the_pages_of_bad_luck(people: People, site: Site) -> None:
    account = site.account(method="pm_card_authenticationRequired")
    page = people.open(account, "/add-balance", script=False)
    home = page.url.partition("/add-balance")[0]
    page.get_by_label("Another amount").check()
    page.get_by_role("button", name="Review and pay").click()
    expect(page.get_by_role("alert")).to_be_visible()
    add(page)
    expect(page.get_by_text("needs JavaScript")).to_be_visible()
    address = page.url
    cookies = page.context.cookies()
    scripted = people.context()
    scripted.add_cookies([{**cookie, "url": None} for cookie in cookies])
    seen = scripted.new_page()
    seen.goto(home)
    assert_accessible(seen)
    seen.route("**/authentication", lambda route: route.abort())
    seen.goto(address)
    expect(seen.get_by_role("alert")).to_contain_text("That did not work")
    assert_accessible(seen)
    seen.goto(home + "/auto-pay")
    seen.get_by_label("When your balance drops below").fill("20")
    seen.get_by_label("Charge the card").fill("1")
    seen.get_by_role("button", name="Turn on auto-pay").click()
    expect(seen.get_by_role("alert")).to_be_visible()
    assert_accessible(seen)


def test_axe_finds_nothing_on_what_is_asked_about_clients(people: People, site: Site, account: str) -> None:
    client = clients_after(account, None, 1).ids[0]
    page = people.open(account, f"/clients/{client}/credit")
    page.get_by_label("Amount").fill("1,200")
    page.get_by_label("Reason").fill("Sorry")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Credit $1,200.00")).to_be_visible()
    assert_accessible(page)
    page.goto(page.url.replace("/credit", "/prices"))
    page.locator('[id="meters.sms.state"]').select_option("price")
    page.locator('[id="meters.sms.price"]').fill("much")
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page)
    page.locator('[id="meters.sms.price"]').fill("0.01")
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_role("button", name="Save anyway")).to_be_visible()
    assert_accessible(page)


def test_less_motion_and_print_are_honoured(people: People, account: str) -> None:
    page = people.open(account)
    page.emulate_media(reduced_motion="reduce")
    button = page.get_by_role("link", name="Add Balance").last
    assert button.evaluate("node => getComputedStyle(node).transitionDuration") == "0s"
    page.emulate_media(media="print")
    expect(button).to_be_hidden()
    expect(page.locator(".balance")).to_be_visible()


def test_targets_are_large_enough_to_touch(people: People, account: str) -> None:
    page = people.open(account, width=NARROW)
    for button in page.locator(".button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
