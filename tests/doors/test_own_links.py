"""Every link to this system leads back to it, wherever it is reached: in answers, pages, headers and cookies."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from app import app
from chalicelib.portal.routes import HOME, PAGES
from tests.doors.callers import OPERATIONS
from tests.doors.gateway import Answer, Request, send
from tests.doors.world import Tenant, enter, operator_token
from tests.environment import use

ADDRESSES: Final = {
    "API Gateway's own address": "https://x1y2.execute-api.us-east-1.amazonaws.com/api",
    "a domain of one's own": "https://billing.example.com",
    "a path of the platform's domain": "https://platform.example/settings/money",
}
LINKS: Final = re.compile(r"\s(?:href|src|action|formaction|data-(?:poll|card|csv|next))=\"([^\"]*)\"")
COOKIE_PATH: Final = re.compile(r"Path=([^;]*)", re.IGNORECASE)
RELATIVE: Final = ("#", "?", "mailto:", "data:")
"""Links within the page that is shown, wherever it is."""

NAMES_NOT_LINKS: Final = frozenset({"type", "source"})
"""A problem's type and the source of an event are names."""

OPEN_PAGES: Final = ("/portal", "/portal/signed-out", "/portal/open/{token}", "/portal/{proxy+}")


def wrong_links(links: Iterator[str] | list[str], base: str) -> list[str]:
    """Return the links to this system that do not begin with its base address; others may lead anywhere."""
    parts = urlsplit(base)
    ours = (f"{parts.path}/v1/", f"{parts.path}/portal", f"{parts.path}/stripe/")
    here = [link for link in links if link.startswith(("/", f"{parts.scheme}://{parts.netloc}"))]
    paths = [link.removeprefix(f"{parts.scheme}://{parts.netloc}") for link in here]
    return [path for path in paths if not path.startswith(ours)]


def own_texts(value: Any) -> Iterator[str]:
    """Yield the texts in an answer that look like a path or an address."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in NAMES_NOT_LINKS:
                yield from own_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from own_texts(item)
    elif isinstance(value, str) and value.startswith(("/", "http")):
        yield value


def sent_links(answer: Answer) -> list[str]:
    return [answer.headers["location"]] if "location" in answer.headers else []


def cookie_paths(answer: Answer) -> list[str]:
    return COOKIE_PATH.findall(str(answer.headers.get("set-cookie", "")))


def ask(tenant: Tenant, path: str, token: str) -> Answer:
    return send(Request("GET", path, tenant.names, {}, {"Authorization": f"Bearer {token}"}))


@pytest.mark.parametrize("base", ADDRESSES.values(), ids=list(ADDRESSES))
def test_the_links_in_the_apis_answers_lead_back_here(tenant: Tenant, base: str) -> None:
    found: dict[str, list[str]] = {}
    with use({"PORTAL_BASE_URL": base}):
        token = operator_token()
        for operation in OPERATIONS:
            if operation.method == "GET" and operation.path != "/openapi.json":
                answer = ask(tenant, operation.path, token)
                texts = list(own_texts(answer.json())) if answer.text.startswith("{") else []
                found[operation.path] = texts + sent_links(answer)
    assert sum(map(len, found.values())) > 5
    assert {path: wrong for path, links in found.items() if (wrong := wrong_links(links, base))} == {}
    (paper,) = found["/v1/accounts/{account_id}/invoices/{number}"]
    assert paper == f"{urlsplit(base).path}/v1/accounts/{tenant.account_id}/invoices/{tenant.number}.pdf"


def test_what_an_answer_links_to_is_there(tenant: Tenant) -> None:
    base = ADDRESSES["API Gateway's own address"]
    with use({"PORTAL_BASE_URL": base}):
        token = operator_token()
        link = ask(tenant, "/v1/accounts/{account_id}/invoices/{number}", token).json()["pdf"]
        names = {"account_id": tenant.account_id, "number": link.rpartition("/")[2]}
        there = send(
            Request(
                "GET", "/v1/accounts/{account_id}/invoices/{number}", names, {}, {"Authorization": f"Bearer {token}"}
            )
        )
    assert there.status == 303


def test_the_description_is_relative_to_where_it_is_served() -> None:
    found = send(Request("GET", "/openapi.json")).json()
    assert [server["url"] for server in found["servers"]] == ["."]
    assert all(path.startswith(("/v1/", "/health", "/openapi.json", "/webhooks/")) for path in found["paths"])


@pytest.mark.parametrize("base", ADDRESSES.values(), ids=list(ADDRESSES))
def test_the_links_in_pages_lead_back_here(tenant: Tenant, base: str) -> None:
    wrong, pages = {}, 0
    with use({"PORTAL_BASE_URL": base}):
        cookie = enter(tenant.account_id).cookie
        paths = [HOME + path for method, path, _ in PAGES if method == "GET"]
        for path in (*paths, *OPEN_PAGES):
            names = {**tenant.page_names, "token": "nothing", "proxy": "nothing"}
            answer = send(Request("GET", path, names, {}, {"Cookie": cookie}))
            links = LINKS.findall(answer.text) + sent_links(answer) + cookie_paths(answer)
            pages += "<html" in answer.text
            if wrong_here := wrong_links([each for each in links if not each.startswith(RELATIVE)], base):
                wrong[path] = wrong_here
            relative = [each for each in links if not each.startswith((*RELATIVE, "/", "http"))]
            assert relative == [], f"{path}: relative to the page's own address"
    assert wrong == {}
    assert pages > 30


@pytest.mark.parametrize("base", ADDRESSES.values(), ids=list(ADDRESSES))
def test_links_into_the_portal_lead_there_and_their_cookies_stay_there(tenant: Tenant, base: str) -> None:
    prefix = urlsplit(base).path
    with use({"PORTAL_BASE_URL": base}):
        headers = {"Authorization": f"Bearer {operator_token()}", "Content-Type": "application/json"}
        body = f'{{"account_id": "{tenant.account_id}"}}'.encode()
        url = send(Request("POST", "/v1/portal-sessions", headers=headers, body=body)).json()["url"]
        assert url.startswith(f"{base}/portal/open/")
        token = url.rpartition("/")[2]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        opened = send(Request("POST", "/portal/open/{token}", {"token": token}, headers=form))
    assert opened.status == 303
    assert opened.headers["location"] == f"{prefix}/portal/accounts/{tenant.account_id}"
    assert cookie_paths(opened)
    assert all(path.startswith(f"{prefix}/portal") for path in cookie_paths(opened))


@pytest.mark.parametrize("base", ADDRESSES.values(), ids=list(ADDRESSES))
@pytest.mark.parametrize(
    ("proxy", "page"),
    [
        ("accounts/acme/", "accounts/acme"),
        ("accounts/acme/usage/", "accounts/acme/usage"),
        ("accounts//acme/usage", "accounts/acme/usage"),
        ("accounts/acme/clients/a b/", "accounts/acme/clients/a%20b"),
        ("open/secret/", "open/secret"),
        ("signed-out/", "signed-out"),
    ],
)
def test_an_extra_slash_leads_to_the_page(base: str, proxy: str, page: str, tenant: Tenant) -> None:
    with use({"PORTAL_BASE_URL": base}):
        answer = send(Request("GET", "/portal/{proxy+}", {"proxy": proxy}, {"month": "2026-11"}))
        sent = send(Request("POST", "/portal/{proxy+}", {"proxy": proxy}, headers={"Content-Type": "text/plain"}))
    location = f"{urlsplit(base).path}/portal/{page}"
    assert (answer.status, answer.headers["location"]) == (308, f"{location}?month=2026-11")
    assert (sent.status, sent.headers["location"]) == (308, location)


@pytest.mark.parametrize(
    "proxy", ["accounts/acme", "nothing/", "accounts/", "accounts/acme/nothing/", "//evil.example/"]
)
def test_what_is_no_page_stays_unknown(tenant: Tenant, proxy: str) -> None:
    assert send(Request("GET", "/portal/{proxy+}", {"proxy": proxy})).status == 404


def test_every_page_may_have_a_slash_at_its_end() -> None:
    routes = [path for path in app.routes if path.startswith("/portal/") and "{proxy+}" not in path]
    files = ("/portal/static/", "/portal/brand/", "/portal/logo/")
    for path in routes:
        if not path.startswith(files):
            proxy = re.sub(r"\{\w+\}", "x", path.removeprefix("/portal/")) + "/"
            assert send(Request("GET", "/portal/{proxy+}", {"proxy": proxy})).status == 308, path
