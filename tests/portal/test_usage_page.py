"""Usage: periods, groups, filters, the values of each bar, what lies ahead, and the file."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.portal.people import NARROW, WIDE, People
from tests.portal.site import Site, today
from tests.wait import wait_for

pytestmark = pytest.mark.browser


@pytest.fixture
def account(site: Site) -> str:
    """Return an account with 248 messages of yesterday, and an e-mail and 2 messages of 40 days ago."""
    account = site.account(balance="100")
    site.use(account, today(1), number=248)
    site.use(account, today(40), number=2)
    site.use(account, today(40), meter="email", number=1)
    return account


def used(page: Page) -> str:
    return page.locator(".figures").first.locator("dd").first.inner_text().strip()


def test_periods_are_links_that_keep_the_filter(people: People, account: str) -> None:
    page = people.open(account, script=False)
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Usage")
    assert used(page) == "$12.40"
    page.get_by_role("link", name="Last 90 days").click()
    assert used(page) == "$12.50"
    page.get_by_label("Type", exact=True).select_option("Email")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("period=90.*meter=email"))
    assert used(page) == "<$0.01"
    page.get_by_role("link", name="Last 7 days").click()
    expect(page.get_by_text("Nothing used in these days. Other filters may show more.")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page).to_have_url(re.compile(r"/usage$"))
    expect(page.locator("[aria-current=true]")).to_have_text("Last 30 days")


def test_chosen_days_and_what_is_wrong_with_them(people: People, account: str) -> None:
    page = people.open(account, "/usage", script=False, width=NARROW)
    page.get_by_label("From", exact=True).fill(today(40))
    page.get_by_label("To", exact=True).fill(today(39))
    page.get_by_role("button", name="Show").click()
    assert used(page) == "$0.10"
    page.get_by_label("From", exact=True).fill(today(1))
    page.get_by_role("button", name="Show").click()
    field = page.get_by_label("From")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("The first day is after the last."))
    expect(field).to_have_value(today(1))
    expect(page.locator("figure")).to_have_count(0)
    home = page.url.partition("?")[0]
    for query, text in (
        ("from=2020-01-01&to=2026-01-01", "This is more than a year."),
        ("from=2999-01-01", "This day is still to come."),
        ("from=yesterday", "This is not a day."),
    ):
        page.goto(f"{home}?{query}")
        expect(page.get_by_text(text)).to_be_visible()


def test_without_a_script_each_bar_has_a_title_and_a_row_that_leads_to_its_events(people: People, account: str) -> None:
    page = people.open(account, "/usage", script=False)
    titles = page.locator(".slot title")
    expect(titles).to_have_count(30)
    assert re.search(r": \$12\.40$", titles.nth(28).text_content() or "")
    page.get_by_text("Show as a table").click()
    row = page.locator("figure tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("$12.40")
    row.get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"from={today(1)}&to={today(1)}"))


def test_a_day_is_chosen_by_keyboard_mouse_and_touch_and_says_its_values(people: People, account: str) -> None:
    page = people.open(account, "/usage")
    bars, amount = page.get_by_role("slider", name="Day"), page.locator(".legend b")
    expect(amount).to_have_text("$12.40")
    bars.focus()
    expect(amount).to_have_text("–")
    page.keyboard.press("ArrowLeft")
    expect(bars).to_have_attribute("aria-valuetext", re.compile(r", \d+: \$12\.40, SMS message \$12\.40$"))
    expect(page.locator(".chosen")).to_have_text(re.compile(r": \$12\.40$"))
    page.keyboard.press("Home")
    expect(bars).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("Tab")
    expect(amount).to_have_text("$12.40")
    box = bars.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 28.5 / 30, box["y"] + 20)
    expect(page.locator(".chosen")).to_have_text(re.compile(r": \$12\.40$"))
    page.mouse.move(0, 0)
    expect(page.locator(".chosen")).to_have_text("")
    assert people.complaints == []


@pytest.mark.parametrize("days", [7, 90])
def test_a_finger_reaches_each_bar_of_a_phone(people: People, account: str, days: int) -> None:
    page = people.open(account, f"/usage?period={days}", width=NARROW)
    bars = page.get_by_role("slider")
    box = bars.bounding_box()
    assert box is not None
    bars.dispatch_event(
        "pointerdown", {"clientX": box["x"] + box["width"] * (days - 1.5) / days, "pointerType": "touch"}
    )
    expect(page.locator(".chosen")).to_have_text(re.compile(r": \$12\.40$"))
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW


def test_a_meter_has_the_same_colour_on_each_page_and_with_each_filter(
    people: People, site: Site, account: str
) -> None:
    site.use(account, today(2), meter="email", number=1)
    page = people.open(account, script=False)
    home = page.url

    def colour_of(path: str) -> str | None:
        page.goto(home + path)
        return page.locator(".legend li").filter(has_text="Email").locator("rect").get_attribute("class")

    paths = ("", "/usage", "/usage?period=90", "/usage?meter=email", f"/usage?from={today(200)}")
    assert {colour_of(path) for path in paths} == {"m2"}


def test_figures_that_a_few_days_do_not_have_are_left_out(people: People, site: Site) -> None:
    account = site.account(balance="10")
    site.use(account, today())
    page = people.open(account, "/usage", script=False)
    hint, median = page.get_by_text("Today isn't over yet"), page.get_by_text("Daily median")
    expect(hint.or_(median)).to_have_count(0)
    site.use(account, today(1))
    page.reload()
    expect(hint).to_have_text("Today isn't over yet, so it isn't counted in the average.")
    expect(median).to_have_count(0)
    site.use(account, today(3))
    page.reload()
    expect(hint).to_contain_text("the average and the median")
    expect(median).to_have_count(1)


def test_what_lies_ahead_is_told_with_what_it_is_made_from(people: People, site: Site) -> None:
    account = site.account(balance="10")
    site.use(account, *(today(back) for back in range(1, 8)), number=10)
    page = people.open(account, "/usage", script=False)
    ahead = page.get_by_role("region", name="Looking ahead")
    expect(ahead).to_contain_text(re.compile(r"At your current pace: about \$\d+(\.\d\d)? by "))
    expect(ahead).to_contain_text("(about 12 days)")
    expect(ahead).to_contain_text("your average of the last 7 full days")
    expect(ahead).to_contain_text("Suggested auto-pay threshold: $1, a bit more than a typical day in the last 7 days")
    ahead.get_by_role("link", name="Use $1").click()
    expect(page).to_have_url(re.compile(r"/auto-pay\?threshold=1$"))


def test_a_viewer_is_not_offered_another_threshold(people: People, site: Site) -> None:
    account = site.account(balance="10")
    site.use(account, *(today(back) for back in range(1, 8)), number=10)
    page = people.open(account, "/usage", script=False, session={"role": "viewer"})
    expect(page.get_by_text("At your current pace: about")).to_be_visible()
    expect(page.get_by_role("link", name="Use $1")).to_have_count(0)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_first_day_of_usage_is_not_called_nothing(people: People, site: Site, width: int) -> None:
    account = site.account(balance="10")
    site.use(account, today(), number=100)
    page = people.open(account, script=False, width=width)
    expect(page.locator(".hero")).to_contain_text("$5.00 used today.")
    expect(page.get_by_text("Nothing used")).to_have_count(0)
    page.goto(page.url + "/usage")
    expect(page.get_by_text("Daily average")).to_have_count(0)
    expect(page.get_by_text("$5.00 used today. After the first full day")).to_be_visible()


def test_the_file_has_what_is_shown(site: Site, account: str) -> None:
    visitor = site.enter(account)
    answer = visitor.get("/usage/csv?period=90&meter=sms")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"usage-{account}-{today(89)}-{today()}.csv" in answer.headers["Content-Disposition"]
    header, *rows = [line.split(",") for line in answer.content.decode().removeprefix("\ufeff").splitlines()]
    assert header == ['"Day (UTC)"', '"Meter"', '"Quantity"', '"Amount"', '"Currency"', '"Number of events"']
    assert rows == [
        [f'"{today(40)}"', '"sms"', '"2"', '"0.10"', '"usd"', '"2"'],
        [f'"{today(1)}"', '"sms"', '"248"', '"12.40"', '"usd"', '"248"'],
    ]
    wrong = visitor.get("/usage/csv?from=2026-02-01&to=2026-01-01")
    assert wrong.headers["Location"].endswith("/usage?from=2026-02-01&to=2026-01-01")


def test_a_workspace_sees_what_each_client_cost_paid_and_left(people: People, site: Site) -> None:
    workspace = site.account(balance="100")
    bakery, salon = (
        site.client(workspace, balance="40", name="Bakery"),
        site.client(workspace, balance="9", name="Salon"),
    )
    site.use(bakery, today(), number=40)
    site.use(salon, today(), number=10)
    site.use(workspace, today(), meter="email", number=100)
    page = people.open(workspace, "/usage?period=month&group=client", script=False)
    wait_for(lambda: page.reload() is not None and page.get_by_label("Group by").count() == 1)
    expect(page.locator("dl").first).to_contain_text("$2.50")
    expect(page.locator("dl").first.locator("div").filter(has_text="Your own usage")).to_contain_text("$0.25")
    clients = page.get_by_role("region", name="By client").get_by_role("listitem")
    expect(clients.first).to_contain_text("Bakery")
    expect(clients.first).to_contain_text("$2.00")
    expect(clients.first).to_contain_text("paid you $2.00 · you keep $0.00")
    expect(clients.nth(1)).to_contain_text("Salon")
    clients.nth(1).get_by_role("link").click()
    expect(page.locator("dl").first).to_contain_text("Salon paid")
    expect(page.locator("dl").first).to_contain_text("$0.50")
    answer = site.enter(workspace).get(f"/usage/csv?period=month&client={salon}")
    assert f'"{today()[:7]}","{salon}","sms","10","0.50","0.50","usd","10"' in answer.text


def test_a_client_sees_its_own_prices_and_no_other_group(people: People, site: Site) -> None:
    workspace = site.account(balance="100")
    bakery = site.client(workspace, balance="40", name="Bakery")
    site.use(bakery, today(), number=40)
    page = people.open(bakery, "/usage?group=client", script=False)
    assert used(page) == "$2.00"
    expect(page.get_by_label("Group by")).to_have_count(0)
    assert "You keep" not in page.content()
    assert site.enter(bakery).get(f"/usage?client={bakery}").status_code == 404
    assert site.enter(workspace).get("/usage?client=someone.else").status_code == 404
