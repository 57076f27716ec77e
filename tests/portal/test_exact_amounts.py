"""Totals and balances are short, and tell their exact amount to whoever asks, also without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from tests.portal.people import NARROW, People
from tests.portal.site import Site, today

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def account(site: Site) -> str:
    """Return an account with a balance, and totals, that coins cannot express."""
    account = site.account(balance="9.000001")
    site.use(account, today(), meter="email")
    return account


def told(page: Page) -> str:
    return page.locator("[popover]:popover-open").inner_text()


def test_a_balance_tells_its_exact_amount_by_keyboard_mouse_and_touch(people: People, account: str) -> None:
    page = people.open(account, script=False)
    balance = page.locator(".balance .exact")
    expect(balance).to_have_text("$8.99")
    expect(balance).to_have_accessible_description("Exactly $8.992501")
    balance.press("Enter")
    assert told(page) == "Exactly $8.992501"
    page.keyboard.press("Escape")
    expect(page.locator("[popover]:popover-open")).to_have_count(0)
    balance.click()
    assert told(page) == "Exactly $8.992501"


def test_what_it_tells_is_inside_a_small_phone(people: People, account: str) -> None:
    page = people.open(account, "/history", width=NARROW, script=False, locale="de-DE")
    page.locator(".group .exact").click()
    assert told(page) == "Genau −0,0075\xa0$"
    box = page.locator("[popover]:popover-open").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW


def test_a_statement_has_its_balances_in_coins_and_one_minus_sign(people: People, site: Site) -> None:
    account = site.account()
    site.use(account, today(), number=1)
    site.use(account, today(), meter="email", number=1)
    page = people.open(account, "/statements", script=False)
    closing = page.locator(".sums .sum").last
    expect(closing.locator(".exact bdi")).to_have_text("\u2212$0.06")
    closing.locator(".exact").click()
    assert told(page) == "Exactly \u2212$0.0525"
    assert "-$" not in page.locator("main").inner_text()
    assert page.locator(".sums .num").all_inner_texts()[2:4] == ["\u2212$0.05", "\u2212$0.0025"]


POINTS = """() => [...document.querySelectorAll("[aria-labelledby=transactions] td:nth-child(3) bdi")].map((amount) => {
  const digits = amount.firstChild, range = document.createRange(), at = digits.data.indexOf(".");
  range.setStart(digits, at); range.setEnd(digits, at + 1);
  return Math.round(range.getBoundingClientRect().x * 10);
})"""


def test_amounts_in_a_column_have_their_decimal_points_below_each_other(people: People, site: Site) -> None:
    account = site.account(balance="9")
    client = site.client(account, balance="9")
    site.use(client, today(), number=1)
    site.use(client, today(), meter="email", number=1)
    page = people.open(account, f"/clients/{client}")
    expect(page.locator("[aria-labelledby=transactions] tbody td:nth-child(3)")).to_have_text(
        ["+$9.00", "−$0.0025", "−$0.05"]
    )
    points = page.evaluate(POINTS)
    assert len(points) == 3
    assert len(set(points)) == 1


def test_paper_shows_short_amounts(people: People, account: str) -> None:
    page = people.open(account)
    page.emulate_media(media="print")
    expect(page.locator(".balance .exact")).to_be_visible()
