"""A client's usage in its workspace's history, filtered, and shown as a pair; and nothing of it to a client."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from tests.portal.agency import Agency, new_agency, newest
from tests.portal.axe import assert_accessible
from tests.portal.people import NARROW, WIDE, People
from tests.portal.site import Site, today

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def agency(site: Site) -> Agency:
    return new_agency(site)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_history_shows_a_client_alone_with_what_each_side_paid(people: People, agency: Agency, width: int) -> None:
    page = people.open(agency.account_id, "/history", script=False, width=width)
    expect(page.locator(".group .amount")).to_have_text("−$0.45")
    page.get_by_role("link", name="By client").click()
    page.get_by_label("Client").select_option("Bakery Bloom")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile(f"client={agency.bakery}"))
    expect(page.locator(".figures dd > :first-child")).to_have_text(["$0.15", "$0.23", "$0.08"])
    expect(page.locator(".entry")).to_have_count(3)
    expect(page.locator(".entry").first).to_contain_text("Bakery Bloom paid $0.075, you keep $0.025")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("Client").select_option("Flowers & Co")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".entry").first).to_contain_text("Flowers & Co, not charged")
    page.get_by_role("link", name="Clear").click()
    expect(page.locator(".group .amount")).to_have_text("−$0.45")


def test_an_opened_group_names_the_client_of_each_event(people: People, agency: Agency) -> None:
    page = people.open(agency.account_id, f"/history?open={today(1)}.sms", script=False)
    expect(page.locator(".events tbody tr")).to_have_count(9)
    expect(page.locator(".events small")).to_have_count(6)
    expect(page.locator(".events")).to_contain_text("Bakery Bloom paid $0.075, you keep $0.025")


def test_a_transaction_says_what_both_paid_and_leads_to_the_clients(people: People, agency: Agency) -> None:
    page = people.open(agency.account_id, f"/history?client={agency.bakery}")
    assert_accessible(page)
    page.locator(".entry a").first.click()
    sentence = "You paid $0.05, Bakery Bloom paid $0.075, you keep $0.025. It's one charge, shown in both wallets."
    expect(page.locator(".note")).to_contain_text(sentence)
    assert_accessible(page)
    page.get_by_role("link", name="See the client's transaction").click()
    expect(page.locator(".balance")).to_have_text("−$0.075")
    assert_accessible(page)
    page.get_by_role("link", name="See your own transaction").click()
    expect(page.locator(".balance")).to_have_text("−$0.05")


def test_usage_that_a_client_does_not_pay_for_has_no_other_transaction(site: Site, agency: Agency) -> None:
    visitor = site.enter(agency.account_id)
    (own,) = set(re.findall(r"/transactions/(txn_\w+)", visitor.get(f"/history?client={agency.flowers}").text)[:1])
    text = visitor.get(f"/transactions/{own}").text
    assert "You paid $0.05 for Flowers &amp; Co, which was not charged for it." in text
    assert "See the client" not in text
    assert visitor.get(f"/transactions/{own}/other").status_code == 404


def test_csv_and_search_are_filtered_by_client(site: Site, agency: Agency) -> None:
    visitor = site.enter(agency.account_id)
    file = visitor.get(f"/history/csv?file=1&client={agency.bakery}")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert [(row["Client"], row["Amount"]) for row in rows] == [(agency.bakery, "0.05")] * 3
    assert agency.bakery in file.headers["Content-Disposition"]
    shown = visitor.get(f"/history/csv?client={agency.bakery}")
    assert f"client={agency.bakery}" in shown.text
    for client, brief in (
        (agency.bakery, "Bakery Bloom paid $0.075"),
        (agency.flowers, "which was not charged for it"),
    ):
        found = visitor.get(f"/history/search?q=sms-{today(1)}-1&client={client}")
        assert found.status_code == 303
        assert brief in visitor.get(found.headers["Location"].partition(agency.account_id)[2]).text


@pytest.mark.parametrize("page", ["/history", "/history/csv", "/history/csv?file=1&x=1", "/history/search?q=1&x=1"])
def test_nobody_filters_by_a_client_of_another(site: Site, agency: Agency, page: str) -> None:
    stranger = site.account()
    for account, client in ((stranger, agency.bakery), (agency.bakery, agency.bakery), (agency.bakery, agency.flowers)):
        answer = site.enter(account).get(f"{page}{'&' if '?' in page else '?'}client={client}")
        assert answer.status_code == 404
        assert "have access to it." in answer.text


def test_a_client_sees_its_own_side_alone(site: Site, agency: Agency) -> None:
    visitor, own = site.enter(agency.bakery), newest(agency.bakery)
    pages = ("/history", f"/history?open={today(1)}.sms", f"/transactions/{own}", "/history/csv?file=1")
    shown = [*(visitor.get(page).text for page in pages), visitor.get(f"/history/search?q=sms-{today(1)}-1").text]
    assert visitor.get(f"/transactions/{own}/other").status_code == 404
    assert visitor.get(f"/transactions/{newest(agency.account_id)}").status_code == 404
    for text in shown:
        for secret in ("0.05", agency.account_id, agency.flowers, newest(agency.account_id), "keep", 'id="client"'):
            assert not re.search(rf"(?<![\w.-]){re.escape(secret)}(?![\w.-])", text), secret


def test_a_workspace_with_many_clients_names_one_by_its_id(site: Site) -> None:
    from tests.usage.agency import Agency as Workspace  # noqa: PLC0415

    many = Workspace(101)
    text = site.enter(many.id).get("/history?choose=client").text
    assert '<input id="client" name="client"' in text
    assert many.clients[-1] in site.enter(many.id).get(f"/history?client={many.clients[-1]}").text
