"""Whatever a request for a page brings has a page: each name in its path, each field of its address and of its form.

The fields are found in the code of the pages. A browser's form is what `urlencode` makes; others come as bytes.
`make test-deep` tries each value in each field, `make test` a mixture of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from chalicelib.portal.invitation_routes import LINK
from chalicelib.portal.routes import FOLDERS, HOME, PAGES
from tests.depth import mixed
from tests.doors import declared
from tests.doors.gateway import Request, send
from tests.doors.pages import names_read
from tests.doors.values import GENERAL, TEXTS, beside
from tests.doors.world import Tenant, Visitor, enter

Page = tuple[str, str, str]
ALL: list[Page] = list(PAGES)
FORM = "application/x-www-form-urlencoded"
RAW_FORMS = {
    "an encoding that is broken": b"%zz=%&%=%g1&amount=%",
    "no Unicode": b"\xff\xfe=\xc0\x80&name=%ff%fe",
    "half of a character": b"name=%ED%A0%80&%ED%A0%80=x",
    "NUL": b"\x00=\x00&name=%00",
    "too many fields": b"&".join(b"field-%d=1" % number for number in range(1_100)),
    "a field too often": b"&".join([b"amount=1"] * 1_100),
    "no fields": b"&&&;;;===",
    "JSON": b'{"amount": "1"}',
    "nested names": b"a[b][c]=1&a[]=2&__proto__=3",
}


def of_page(page: Page, tenant: Tenant, visitor: Visitor) -> Request:
    """Return a request for a page with which nothing is wrong."""
    method, path, _ = page
    names = {name: tenant.page_names[name] for name in declared.PATH_NAME.findall(HOME + path)}
    headers = {"Cookie": visitor.cookie, "Host": "billing.example.com", "Content-Type": FORM}
    return Request(method, HOME + path, names, {}, headers, filled(visitor) if method == "POST" else b"")


def filled(visitor: Visitor, **fields: str) -> bytes:
    return urlencode({"form_token": visitor.form_token, **fields}, errors="surrogatepass").encode()


def bad_requests(page: Page, request: Request, visitor: Visitor) -> Iterator[tuple[str, Request]]:
    for name, good in request.names.items():
        for what, value in {**TEXTS, **beside(good)}.items():
            yield f"{name}: {what}", replace(request, names={**request.names, name: value})
    for name in names_read(page[2]):
        for what, value in (GENERAL if page[0] == "POST" else TEXTS).items():
            body = filled(visitor, **{name: value}) if page[0] == "POST" else b""
            query = {} if page[0] == "POST" else {name: value}
            yield f"{name}: {what}", replace(request, body=body, query=query)


def broken(requests: Iterable[tuple[str, Request]]) -> list[tuple[str, int]]:
    """Send requests, and return those that broke something."""
    sent = [(what, send(request).status) for what, request in requests]
    assert sent
    return [(what, status) for what, status in sent if status >= 500]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page[2])
def test_a_page(page: Page, tenant: Tenant) -> None:
    visitor = enter(tenant.account_id)
    requests = list(bad_requests(page, of_page(page, tenant, visitor), visitor))
    assert broken(mixed(requests, page[2])) == []


@pytest.mark.parametrize("page", [page for page in ALL if page[0] == "POST"], ids=lambda page: page[2])
def test_a_form_that_no_browser_sends(page: Page, tenant: Tenant) -> None:
    visitor = enter(tenant.account_id)
    request, token = of_page(page, tenant, visitor), filled(visitor)
    assert broken((what, replace(request, body=token + b"&" + form)) for what, form in RAW_FORMS.items()) == []


@pytest.mark.parametrize("name", ["Cookie", "Accept-Language", "Origin", "Sec-Fetch-Site", "X-Forwarded-Proto", "Host"])
def test_headers(name: str, tenant: Tenant) -> None:
    request = of_page(("GET", "", "overview"), tenant, enter(tenant.account_id))
    tried = {**GENERAL, **beside(request.headers.get(name, "")), "a secret that is none": "portal_session=\ud800"}
    assert broken((what, replace(request, headers={**request.headers, name: tried[what]})) for what in tried) == []


@pytest.mark.parametrize("path", ["/portal/open/{token}", *(f"/portal/{each}/{{name}}" for each in FOLDERS), LINK])
def test_pages_without_a_session(path: str, tenant: Tenant) -> None:
    invited = {"account_id": tenant.account_id, "number": "1", "secret": "x"}
    good = {"token": "x", "name": "portal-0.css", **invited}
    names = {name: good[name] for name in declared.PATH_NAME.findall(path)}
    request = Request("GET", path, names, {}, {"Host": "billing.example.com"})
    tried = [
        (f"{name}: {what}", replace(request, names={**names, name: value}))
        for name in names
        for what, value in {**TEXTS, **beside(names[name])}.items()
    ]
    assert broken(tried) == []


def test_an_address_without_a_page(tenant: Tenant) -> None:
    cookie = enter(tenant.account_id).cookie
    for proxy in (
        "nothing",
        "accounts",
        f"accounts/{tenant.account_id}/nothing",
        "accounts/a/b/c/d/e/f",
        *TEXTS.values(),
    ):
        answer = send(Request("GET", "/portal/{proxy+}", {"proxy": proxy}, {}, {"Cookie": cookie}))
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert ("Go to the overview" in answer.text) is (tenant.account_id in proxy)


def test_the_fields_of_pages_are_found() -> None:
    assert names_read("search") == ["before", "below", "client", "cursor", "from", "meter", "open", "q", "to", "type"]
    assert {"amount", "threshold", "monthly_limit", "confirmed"} <= set(names_read("auto_pay_send"))
    assert {"plan", "add_on_phone_number", "expected_amount"} <= set(names_read("plan_send"))
