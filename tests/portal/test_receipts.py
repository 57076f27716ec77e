"""Receipts in the portal: a call with several parts, in the history, by the meter of a part, and alone."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib.clock import to_ms
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Line, Part
from tests.build import credit, debit, pair, receipt
from tests.portal.people import NARROW, WIDE, People
from tests.portal.site import Site, today

pytestmark = pytest.mark.browser

DESCRIPTION = "Call to +1 555 0100"


def noon(day: str, second: int = 0) -> int:
    return to_ms(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)) + second * 1000


def call(account: str, number: int = 1, **changes: Any) -> None:
    """Post the receipt of a call of yesterday: 0.038353, of which 0.017433 are for the language model."""
    fields = {"description": DESCRIPTION, "url": f"https://app.example.com/calls/{number}", **changes}
    assert len(post([receipt(number, account, occurred_at_ms=noon(today(1), number), **fields)]).posted) == 1


@pytest.fixture
def account(site: Site) -> str:
    """Return an account with two calls yesterday, a minute of the language model alone, and messages."""
    account = site.account(balance="100")
    call(account, 1)
    call(account, 2)
    alone = {"meter": "llm_minute", "source": "/agents", "unit_price_micros": 20_000, "amount_micros": 20_000}
    post([debit(3, account, occurred_at_ms=noon(today(1), 3), description="Chat", **alone)])
    site.use(account, today(1))
    return account


def lines_of(within: Page | Locator) -> Locator:
    return within.locator(".parts").locator("li")


@pytest.mark.parametrize("width", [WIDE, 390, NARROW])
def test_the_group_of_a_part_opens_to_its_lines_with_a_way_to_each_receipt(
    people: People, account: str, width: int
) -> None:
    page = people.open(account, "/history", script=False, width=width)
    group = page.locator(".group").filter(has_text="Language model")
    expect(group).to_contain_text("2.74 minutes · 3 entries")
    expect(group.locator(".amount .exact").first).to_have_text("−$0.05")
    group.get_by_role("link", name="Language model").click()
    rows = page.locator(".events tbody tr:not(.whole)")
    expect(rows).to_have_count(3)
    assert [rows.nth(place).locator("td").nth(4).inner_text() for place in range(3)] == [
        "$0.02",
        "$0.017433",
        "$0.017433",
    ]
    first = rows.nth(1)
    expect(first.locator("td").nth(1)).to_have_text(f"{DESCRIPTION} gpt-5-mini")
    expect(first.locator("td").nth(2)).to_have_text("0.871667 minutes")
    expect(first.locator("td").nth(3)).to_have_text("$0.02")
    expect(page.locator(".whole")).to_have_count(2)
    page.get_by_text("Part of $0.038353").first.click()
    expect(lines_of(page).filter(visible=True)).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    first.get_by_role("link", name=DESCRIPTION).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(DESCRIPTION)
    assert people.complaints == []


def test_a_receipts_own_page_shows_each_line_with_quantity_price_and_amount(people: People, account: str) -> None:
    page = people.open(account, "/history?meter=ai_call", script=False)
    page.get_by_role("link", name="AI call").first.click()
    expect(page.locator(".balance")).to_have_text("−$0.038353")
    expect(page.get_by_role("heading", name="4 lines")).to_be_visible()
    assert [" ".join(each.split()) for each in lines_of(page).all_inner_texts()] == [
        "Voice engine 0.871667 minutes × $0.01 $0.008717",
        "Language model gpt-5-mini 0.871667 minutes × $0.02 $0.017433",
        "Knowledge base 1 lookup × $0.00 No charge",
        "Telephony 0.871667 minutes × $0.014 $0.012203",
    ]


def test_a_part_that_is_not_applied_is_said_so_in_german_too(people: People, account: str) -> None:
    page = people.open(account, "/history?meter=ai_call", script=False, locale="de-DE")
    page.get_by_text("4 Posten").first.click()
    line = lines_of(page).filter(has_text="Wissensdatenbank", visible=True)
    expect(line).to_contain_text("1 Abfrage")
    expect(line.locator(".amount")).to_have_text("Nicht berechnet")


def test_receipts_are_listed_by_their_own_meter_each_a_row_that_opens(people: People, account: str) -> None:
    page = people.open(account, "/history", script=False)
    expect(page.locator(".entry").filter(has_text="AI call")).to_have_count(0)
    page.get_by_label("Usage").select_option("AI call")
    page.get_by_role("button", name="Filter").click()
    entries = page.locator(".entry")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text(DESCRIPTION)
    expect(entries.first.locator(".amount").first).to_have_text("−$0.038353")
    expect(entries.first.get_by_role("link", name="Open")).to_have_attribute("href", "https://app.example.com/calls/2")
    expect(lines_of(entries.first).filter(visible=True)).to_have_count(0)
    entries.first.get_by_text("4 lines").click()
    expect(lines_of(entries.first).filter(visible=True)).to_have_count(4)


def test_many_receipts_are_read_fifty_at_a_time(people: People, site: Site) -> None:
    account = site.account()
    post([receipt(number, account, occurred_at_ms=noon(today(1), number)) for number in range(1, 61)])
    page = people.open(account, "/history?meter=ai_call", script=False)
    expect(page.locator(".entry")).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".entry")).to_have_count(10)
    page.get_by_role("link", name="Newest").click()
    expect(page.locator(".entry")).to_have_count(50)


@pytest.mark.parametrize("opened", ["ai_call", "fax", "email"])
def test_a_group_that_the_day_does_not_have_is_not_opened(people: People, account: str, opened: str) -> None:
    page = people.open(account, f"/history?open={today(1)}.{opened}", script=False)
    expect(page.locator(".group")).to_have_count(5)
    expect(page.locator(".group.open, .events")).to_have_count(0)


def test_filtered_by_the_meter_of_a_part_the_day_and_the_csv_are_of_its_lines(
    people: People, site: Site, account: str
) -> None:
    page = people.open(account, "/history?meter=llm_minute", script=False)
    expect(page.locator(".entry")).to_have_count(1)
    expect(page.locator(".entry")).to_contain_text("$0.054866")
    answer = site.enter(account).get("/history/csv?file=1&meter=llm_minute")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["Line: amount"] for row in rows] == ["0.02", "0.017433", "0.017433"]


def test_the_list_of_csv_files_counts_rows_and_of_receipts_at_most_as_many(people: People, account: str) -> None:
    page = people.open(account, f"/history/csv?from={today(1)}", script=False)
    expect(page.locator(".files")).to_contain_text(re.compile(r"\b12 rows of usage"))
    page = people.open(account, f"/history/csv?from={today(1)}&meter=ai_call", script=False)
    expect(page.locator(".files")).to_contain_text("up to 9 rows of usage")


def test_a_workspace_sees_which_client_an_event_was_of_and_the_client_nothing_of_it(people: People, site: Site) -> None:
    workspace = site.account(name="Acme Agency")
    client = site.account(kind="client", workspace_id=workspace, name="Bakery Bloom", method="")
    site.connect(workspace)
    post([pair(1, client, workspace, occurred_at_ms=noon(today(1)))])
    post([credit(2, workspace), credit(2, client)])
    page = people.open(workspace, "/history/search?q=event-1", script=False)
    expect(page.locator(".pairs")).to_contain_text("Bakery Bloom")
    expect(page.get_by_role("link", name="See the client's transaction")).to_be_visible()
    page = people.open(client, "/history/search?q=event-1", script=False)
    expect(page.get_by_text("Balance afterwards")).to_be_visible()
    expect(page.locator(".pairs")).not_to_contain_text("Client")
    expect(page.locator(".note")).to_have_count(0)
    assert workspace not in page.locator("main").inner_text()
    rows = site.enter(client).get("/history/csv?file=1").text
    assert workspace not in rows


def overflow(page: Page) -> dict[str, int]:
    """Return by how many pixels the page, and an open group's table, are wider than there is room."""
    found: dict[str, int] = page.evaluate(
        """() => {
            const wider = (node) => Math.max(0, node.scrollWidth - node.clientWidth);
            const table = document.querySelector(".entry > .scroll");
            return {page: wider(document.documentElement), ...(table ? {table: wider(table)} : {})};
        }"""
    )
    return found


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_long_descriptions_break_and_nothing_is_wider_than_the_page(people: People, site: Site, width: int) -> None:
    account = site.account()
    long = "an-extremely-long-model-name-" * 12
    line = Line("llm_minute", 17_433, 871_667, 20_000, long)
    part = Part("llm_minute", 871_667, None, long)
    call(account, description=long, lines=(line,), parts=(part,), amount_micros=17_433)
    page = people.open(account, f"/history?open={today(1)}.llm_minute", script=False, width=width)
    page.locator("details summary").last.click()
    assert overflow(page) == {"page": 0, "table": 0}
    page.goto(page.url.partition("?")[0] + "?meter=ai_call")
    page.locator("details summary").last.click()
    assert overflow(page) == {"page": 0}
    page.locator(".what a").click()
    expect(lines_of(page)).to_have_count(1)
    assert overflow(page) == {"page": 0}
