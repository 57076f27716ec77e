"""Prices of a client and the defaults of its workspace: the form, what it says before it saves, and what it keeps."""

from itertools import product

import pytest
from playwright.sync_api import Page, expect

from chalicelib.clock import now_ms
from chalicelib.pricing import table
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import ALL_METERS, LEAD_MS, Dated, Rebilling, value_at
from tests.portal.people import NARROW, WIDE, People
from tests.portal.site import Site, today
from tests.wait import wait_for

pytestmark = pytest.mark.browser
LATER_MS = 4_102_444_800_000
"""2100-01-01."""


def valid(account_id: str, key: str, time_ms: int | None = None) -> ClientPrice | None:
    """Return what is set for a meter from when a change that is made now takes effect, or at a time."""
    return value_at(table.find(account_id).prices.get(key, ()), time_ms or now_ms() + LEAD_MS)


def keep(account_id: str, **prices: list[tuple[int, ClientPrice]]) -> None:
    """Write a client's settings; each price has a time."""
    dated: dict[str, tuple[Dated[ClientPrice | None], ...]] = {
        meter: tuple(Dated(from_ms, each, 0, "kim") for from_ms, each in values) for meter, values in prices.items()
    }
    switches = (Dated(0, value=True, set_at_ms=0, actor="kim"),)
    table.row_of(account_id, Rebilling(switches=switches, prices=dated, version=1)).save()


def field(page: Page, name: str) -> str:
    return page.locator(f'[id="{name}"]').input_value()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(120):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_a_price_is_set_with_the_keyboard_alone(people: People, site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    page = people.open(workspace, f"/clients/{client}")
    tab_to(page, "a[href$='/prices']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Prices of Bakery")
    tab_to(page, "[id='meters.sms.state']")
    page.keyboard.type("A price")
    tab_to(page, "[id='meters.sms.price']")
    page.keyboard.type("0.08")
    tab_to(page, "button[value='review']")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 message: you pay $0.05, your client pays $0.08, you keep $0.03.")).to_be_visible()
    assert valid(client, "sms") is None
    tab_to(page, "button[value='save']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Prices saved.")
    assert valid(client, "sms") == ClientPrice("price", 80_000, "message")
    assert field(page, "meters.sms.price") == "0.08"
    assert people.complaints == []


@pytest.mark.parametrize(("script", "width"), [(True, WIDE), (False, NARROW)])
def test_last_month_is_priced_before_anything_is_saved(people: People, site: Site, script: bool, width: int) -> None:
    workspace = site.account(balance="100")
    client = site.client(workspace, balance="40")
    site.use(client, today(int(today()[8:])), number=4)
    page = people.open(workspace, "/client-prices", script=script, width=width)
    page.locator('[id="default.state"]').select_option("markup")
    page.locator('[id="default.markup"]').fill("1.5")
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_text("You paid $0.20 for this usage and charged $0.20.")).to_be_visible()
    expect(
        page.get_by_text("At these prices, you would have charged $0.30. You would have kept $0.10.")
    ).to_be_visible()
    expect(page.get_by_text("These prices start in a minute.")).to_be_visible()
    expect(page.get_by_text("For 1 client, using its own settings where it has any.")).to_be_visible()
    page.get_by_role("button", name="Go back and change").click()
    assert field(page, "default.markup") == "1.5"
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Save these prices").click()
    expect(page.get_by_role("status")).to_contain_text("Prices saved.")
    assert valid(workspace, ALL_METERS) == ClientPrice("markup", markup_micros=1_500_000)
    page.goto(page.url.partition("/client-prices")[0] + f"/clients/{client}/prices")
    expect(page.get_by_text("1 message: you pay $0.05, your client pays $0.075, you keep $0.025.")).to_be_visible()
    expect(page.get_by_text("(your default for all meters)").first).to_be_visible()


def test_a_price_below_the_cost_is_saved_only_from_the_page_that_says_so(people: People, site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    form = {"do": "save", "shown": "1", "enabled": "on", "meters.sms.state": "price", "meters.sms.price": "0.03"}
    answer = site.enter(workspace).post(f"/clients/{client}/prices", form)
    assert answer.status_code == 200
    assert "This price is below your cost" in answer.text
    assert valid(client, "sms") is None
    page = people.open(workspace, f"/clients/{client}/prices", script=False)
    page.locator('[id="meters.sms.state"]').select_option("price")
    page.locator('[id="meters.sms.price"]').fill("0.03")
    page.locator('[id="meters.email.state"]').select_option("markup")
    page.locator('[id="meters.email.markup"]').fill("50")
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_text("you lose $0.02.")).to_be_visible()
    expect(page.get_by_text("This price is more than ten times your cost.")).to_be_visible()
    page.get_by_role("button", name="Save anyway").click()
    expect(page.get_by_role("status")).to_contain_text("Prices saved.")
    assert valid(client, "sms") == ClientPrice("price", 30_000, "message")
    assert valid(client, "email") == ClientPrice("markup", markup_micros=50_000_000)


def test_a_price_change_is_in_the_activity_of_both_and_the_client_reads_no_cost(site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    email = {"meters.email.state": "markup", "meters.email.markup": "1.5"}
    form = {
        "do": "save",
        "shown": "1",
        "enabled": "on",
        "meters.sms.state": "price",
        "meters.sms.price": "0.08",
        **email,
    }
    agency = site.enter(workspace, subject="jane")
    assert agency.post(f"/clients/{client}/prices", form).status_code == 303
    wait_for(lambda: "Prices of Bakery" in agency.get("/activity").text)
    file = agency.get("/activity/csv?kind=rebilling").text
    assert "Bakery · SMS message: $0.08" in file
    assert "Bakery · Email: 1.5 times your cost" in file
    own = site.enter(client)
    wait_for(lambda: "SMS message: $0.08" in own.get("/activity/csv?kind=rebilling").text)
    page = own.get("/activity/csv?kind=rebilling").text
    assert "Email: New price" in page
    assert "jane" not in page
    assert "1.5" not in page
    assert "New price" in own.get("/activity").text


def test_in_german_on_a_small_phone_wrong_input_keeps_all_other(people: People, site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    page = people.open(workspace, f"/clients/{client}/prices", width=NARROW, locale="de-DE", script=False)
    for name, state, typed in (("sms", "price", "0.08"), ("email", "markup", "50%"), ("voice_minute", "price", "0,09")):
        page.locator(f'[id="meters.{name}.state"]').select_option(state)
        page.locator(f'[id="meters.{name}.{state}"]').fill(typed)
    page.locator("#allowance").fill("12,50")
    page.get_by_role("button", name="Sehen, was sich ändert").click()
    expect(page.locator(".field.wrong")).to_have_count(2)
    expect(page.get_by_role("alert")).to_contain_text("Geben Sie einen Betrag in USD ein, zum Beispiel 25,50.")
    expect(page.get_by_role("alert")).to_contain_text("1,5 sind 50 % mehr als die Kosten.")
    assert [field(page, name) for name in ("meters.sms.price", "meters.email.markup")] == ["0.08", "50%"]
    assert [field(page, name) for name in ("meters.voice_minute.price", "allowance")] == ["0,09", "12,50"]
    page.locator('[id="meters.sms.price"]').fill("0,08")
    page.locator('[id="meters.email.markup"]').fill("1,5")
    page.get_by_role("button", name="Sehen, was sich ändert").click()
    expect(
        page.get_by_text("1 Nachricht: Sie zahlen 0,05 $, Ihr Kunde zahlt 0,08 $, Sie behalten 0,03 $.")
    ).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    page.get_by_role("button", name="Diese Preise speichern").click()
    expect(page.get_by_role("status")).to_contain_text("Die Preise sind gespeichert.")
    assert valid(client, "sms") == ClientPrice("price", 80_000, "message")
    assert table.find(client).allowance_at(now_ms() + LEAD_MS) == 12_500_000


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"from": "2020-01-01"}, "Choose a day in the future"),
        ({"from": "yesterday"}, "Choose a day in the future"),
        ({"meters.sms.state": "price"}, "Enter a price per unit"),
        ({"meters.sms.state": "price", "meters.sms.price": "0"}, "Enter a price per unit"),
        ({"meters.sms.state": "markup", "meters.sms.markup": "1.23456"}, "Enter the multiple of your cost"),
        ({"default.state": "markup"}, "Enter the multiple of your cost"),
        ({"allowance": "99999999"}, "be more than $10,000,000.00 a month."),
        ({"enabled": "on"}, "changed anything."),
        ({"shown": "7", "enabled": "off"}, "These prices changed after you opened the form"),
    ],
)
def test_what_does_not_work_is_told_and_nothing_is_saved(site: Site, typed: dict[str, str], said: str) -> None:
    workspace = site.account()
    client = site.client(workspace)
    keep(client)
    given = {"do": "review", "shown": "1", "enabled": "on", "meters.email.state": "absorbed", **typed}
    if said.startswith("changed"):
        del given["meters.email.state"]
    answer = site.enter(workspace).post(f"/clients/{client}/prices", given)
    assert answer.status_code == 422
    assert said in answer.text
    assert table.find(client).version == 1


def test_no_field_breaks_the_page(site: Site) -> None:
    visitor = site.enter(site.account())
    token = visitor.form_token()
    names = ("enabled", "from", "allowance", "shown", "do", "drop_planned", "meters.sms.state")
    for name, typed in product(names, ("\x00", "x" * 5000, "🙂", "-1", "1e9", "*")):
        given = {"do": "review", "shown": "0", "default.state": "absorbed", name: typed}
        assert visitor.post("/client-prices", given, token).status_code < 500, (name, typed)


def test_what_is_planned_is_shown_kept_and_dropped_only_when_asked(people: People, site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    keep(client, sms=[(LATER_MS, ClientPrice("absorbed")), (0, ClientPrice("price", 80_000, "message"))])
    page = people.open(workspace, f"/clients/{client}/prices", script=False)
    expect(page.get_by_text("From Jan 1, 2100")).to_contain_text("your client pays $0.00")
    page.locator('[id="meters.email.state"]').select_option("absorbed")
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Save these prices").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert valid(client, "sms", LATER_MS) == ClientPrice("absorbed")
    page.get_by_label("Drop everything that is planned for later").check()
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_text("This stays the same; what was planned for later changes.")).to_be_visible()
    page.get_by_role("button", name="Save these prices").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert valid(client, "sms", LATER_MS) == ClientPrice("price", 80_000, "message")


def test_a_void_price_says_why_and_is_typed_anew(people: People, site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    keep(client, sms=[(0, ClientPrice("price", 80_000, "month"))])
    page = people.open(workspace, f"/clients/{client}/prices", script=False)
    expect(
        page.get_by_text("The price of $0.08 no longer applies: it's for 1 month, and we now charge for 1 message.")
    ).to_be_visible()
    assert field(page, "meters.sms.price") == ""
    page.locator('[id="meters.sms.price"]').fill("0.08")
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Save these prices").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert valid(client, "sms") == ClientPrice("price", 80_000, "message")


def test_a_void_price_of_what_has_no_unit_price_any_more_stays_until_it_is_changed(people: People, site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    old = ClientPrice("price", 80_000, "request")
    keep(client, ai_tokens=[(0, old)])
    page = people.open(workspace, f"/clients/{client}/prices", script=False)
    expect(
        page.get_by_text("The price of $0.08 no longer applies, because each event now has its own price.")
    ).to_be_visible()
    page.locator('[id="meters.email.state"]').select_option("absorbed")
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Save these prices").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert (valid(client, "email"), valid(client, "ai_tokens")) == (ClientPrice("absorbed"), old)


def test_a_change_from_a_day_on_changes_nothing_before(site: Site) -> None:
    workspace = site.account()
    client = site.client(workspace)
    keep(client)
    given = {"do": "save", "shown": "1", "enabled": "on", "from": "2100-01-01", "meters.sms.state": "absorbed"}
    answer = site.enter(workspace).post(f"/clients/{client}/prices", given)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("?done=saved")
    assert valid(client, "sms") is None
    assert valid(client, "sms", LATER_MS) == ClientPrice("absorbed")
    twice = site.enter(workspace).post(f"/clients/{client}/prices", given)
    assert "These prices changed after you opened the form" in twice.text
    assert table.find(client).version == 2
