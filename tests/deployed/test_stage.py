"""Behind the stage's path: no link, redirect, cookie or path of an answer leads out of it."""

from urllib.parse import urlsplit

import pytest
import requests

from tests.deployed.crawl import crawl, wrong_paths
from tests.deployed.world import DeployedSystem
from tests.portal.site import PAGES, Site
from tests.wait import wait_for

pytestmark = [pytest.mark.deployed, pytest.mark.system]


@pytest.fixture(scope="module")
def customer(site: Site) -> str:
    """Make a workspace with a card, usage, a top-up and its invoice."""
    account = site.account(balance="40")
    top_up(site, account)
    return account


def top_up(site: Site, account: str) -> str:
    """Pay by the API; return the id of the payment, whose invoice is there."""
    headers = {**site.operator, "Idempotency-Key": f"top-up-{account}"}
    answer = requests.post(
        f"{site.url}/v1/accounts/{account}/top-ups", json={"amount": "25.00"}, headers=headers, timeout=120
    )
    assert answer.status_code == 201, answer.text
    wait_for(lambda: get(site, f"/v1/accounts/{account}/invoices").json()["data"], seconds=120)
    payment: str = answer.json()["payment"]["payment_id"]
    return payment


def get(site: Site, path: str) -> requests.Response:
    return requests.get(f"{site.url}{path}", headers=site.operator, allow_redirects=False, timeout=120)


def test_every_link_of_the_portal_stays_inside_the_stage_and_is_answered(
    system: DeployedSystem, site: Site, customer: str
) -> None:
    visitor = site.enter(customer)
    pages, wrong = crawl(visitor, site.url, [f"{visitor.home}{page}" for page in PAGES])
    assert wrong == []
    assert len(pages) > len(PAGES)
    assert system.gateway.outside == []


def test_the_way_in_and_its_cookie_are_of_the_stage(site: Site, customer: str) -> None:
    link = site.link(customer)
    assert link.startswith(f"{site.url}/")
    answer = requests.post(link, allow_redirects=False, timeout=120)
    assert answer.status_code == 303, answer.text
    stage = urlsplit(site.url).path
    assert urlsplit(answer.headers["Location"]).path.startswith(f"{stage}/portal/")
    assert f"Path={stage}/portal" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "path",
    [
        *("", "/invoices", "/payments", "/transactions", "/cards", "/auto-pay", "/budgets", "/access", "/usage"),
        "/activity",
    ],
)
def test_every_path_in_an_answer_leads_into_the_stage(site: Site, customer: str, path: str) -> None:
    answer = get(site, f"/v1/accounts/{customer}{path}")
    assert answer.status_code == 200, answer.text
    assert wrong_paths(answer.text, site.url) == []


def test_the_pdf_that_an_invoice_names_can_be_fetched(site: Site, customer: str) -> None:
    invoice = get(site, f"/v1/accounts/{customer}/invoices").json()["data"][0]
    address = invoice["pdf"]
    origin = site.url.removesuffix(urlsplit(site.url).path)
    answer = requests.get(
        address if address.startswith("http") else f"{origin}{address}", headers=site.operator, timeout=120
    )
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize("page", ["", "/history", "/invoices"])
def test_a_trailing_slash_leads_to_the_page(site: Site, customer: str, page: str) -> None:
    visitor = site.enter(customer)
    answer = requests.get(f"{visitor.home}{page}/", headers={"Cookie": visitor.cookie}, timeout=120)
    assert answer.status_code == 200, answer.text
    assert "</html>" in answer.text
