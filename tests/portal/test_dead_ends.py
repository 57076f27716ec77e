"""Where a link, a session or an address leads nowhere, there is a way on; and nobody else learns anything by it."""

from urllib.parse import urlsplit

import pytest
import requests
from msgspec.structs import replace
from playwright.sync_api import expect

from chalicelib.clock import now_ms
from chalicelib.portal import table
from chalicelib.portal.routes import HOME, PAGES, WITH_PAGE, page_with
from chalicelib.portal.session import Session, id_of
from tests.portal.people import People
from tests.portal.site import Site, Visitor

APP = "https://app.example.com/billing"
STILL = "still signed in"


def end(visitor: Visitor) -> Session:
    """Let an hour without activity pass for a session."""
    session = table.find(id_of("session", visitor.cookie.partition("=")[2]))
    assert session is not None
    table.put(replace(session, expires_at_ms=now_ms() - 1))
    return session


def browser_of(link: str) -> requests.Session:
    """Open a link in a browser that keeps its cookies."""
    browser = requests.Session()
    assert browser.post(link, timeout=30).ok
    return browser


def test_a_used_link_leads_on_in_the_browser_that_has_a_session(site: Site, account: str) -> None:
    first, second = site.link(account), site.link(account, page="invoices")
    browser = browser_of(first)
    requests.post(second, allow_redirects=False, timeout=30)
    for link, path in ((first, ""), (second, "/invoices")):
        for answer in (browser.get(link, timeout=30), browser.post(link, timeout=30)):
            assert answer.ok
            assert urlsplit(answer.url).path == f"/portal/accounts/{account}{path}"
            assert STILL in answer.text


def test_a_used_link_tells_nothing_to_anybody_else(site: Site, account: str) -> None:
    link = site.link(account)
    browser_of(link)
    for browser in (requests.Session(), browser_of(site.link(site.account()))):
        answer = browser.get(link, allow_redirects=False, timeout=30)
        assert answer.status_code == 410
        assert account not in answer.text
        assert "Location" not in answer.headers


def test_a_used_link_is_refused_when_the_session_has_ended(site: Site, account: str) -> None:
    link = site.link(account)
    browser = browser_of(link)
    token = next(each.value for each in browser.cookies if each.name == "portal_session")
    end(Visitor(site, account, f"portal_session={token}"))
    assert browser.get(link, timeout=30).status_code == 410


def test_the_end_of_a_session_knows_the_way_back_to_the_page(site: Site, account: str) -> None:
    visitor = site.enter(account, return_url=f"{APP}/{{page}}")
    assert f'href="{APP}/"' in visitor.get("/invoices").text
    token = visitor.form_token()
    end(visitor)
    shown = visitor.get("/invoices?year=2026")
    assert shown.status_code == 401
    assert f'href="{APP}/invoices"' in shown.text
    sent = visitor.post("/plan/cancel", {}, token)
    assert sent.status_code == 401
    assert "nothing was changed or charged" in sent.text
    assert f'href="{APP}/plan"' in sent.text
    strange = visitor.get("/payments/pay_%22%3E%3Cscript%3E")
    assert strange.status_code == 401
    assert f'href="{APP}/"' in strange.text


def test_the_way_back_is_nobody_elses(site: Site, account: str) -> None:
    other = site.account()
    visitor = site.enter(account, return_url=APP)
    end(visitor)
    for stranger in (Visitor(site, other, visitor.cookie), Visitor(site, account, "portal_session=guessed")):
        answer = stranger.get(f"?return_url={APP}")
        assert answer.status_code == 401
        assert APP not in answer.text


def test_who_signed_out_gets_back_where_they_came_from(site: Site, account: str) -> None:
    browser = browser_of(site.link(account, return_url=APP))
    home = f"{site.url}/portal/accounts/{account}"
    page = browser.get(f"{home}/details", timeout=30).text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    left = browser.post(f"{home}/sign-out", data={"form_token": token}, timeout=30)
    assert urlsplit(left.url).path == "/portal/signed-out"
    assert f'href="{APP}"' in left.text
    assert APP not in requests.get(left.url, timeout=30).text


def test_who_signed_out_and_comes_back_reads_so_and_gets_back_to_the_page(site: Site, account: str) -> None:
    browser, other = browser_of(site.link(account, return_url=f"{APP}/{{page}}")), site.account()
    home = f"{site.url}/portal/accounts/{account}"
    page = browser.get(f"{home}/invoices", timeout=30).text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    left = browser.post(
        f"{home}/sign-out", data={"form_token": token}, headers={"Referer": f"{home}/invoices?year=2026"}, timeout=30
    )
    assert f'href="{APP}/invoices"' in left.text
    back = browser.get(f"{home}/usage", timeout=30)
    assert (back.status_code, "You're signed out" in back.text) == (401, True)
    assert f'href="{APP}/usage"' in back.text
    assert "without activity" not in back.text
    sent = browser.post(f"{home}/plan/cancel", data={"form_token": token}, timeout=30)
    assert (sent.status_code, "nothing was changed or charged" in sent.text) == (401, True)
    assert f'href="{APP}/plan"' in sent.text
    cookie = "; ".join(f"{each.name}={each.value}" for each in browser.cookies)
    stranger = requests.get(f"{site.url}/portal/accounts/{other}", headers={"Cookie": cookie}, timeout=30)
    assert APP not in stranger.text


@pytest.mark.parametrize("left", ["https://evil.example/x", "", "/../x", "/transactions/%22%3E"])
def test_only_a_page_of_the_account_is_one_that_was_left(site: Site, account: str, left: str) -> None:
    visitor = site.enter(account, return_url=f"{APP}/{{page}}")
    out = visitor.post("/sign-out", {}, Referer=left if left.startswith("https") else visitor.home + left)
    ended = f"portal_ended={visitor.cookie.partition('=')[2]}"
    shown = requests.get(site.url + out.headers["Location"], headers={"Cookie": ended}, timeout=30)
    assert f'href="{APP}/"' in shown.text


@pytest.mark.parametrize("path", ["/nothing", "/clients/a/b/c/d", "/invoices/INV-0/x"])
def test_an_address_without_a_page_answers_with_one(site: Site, account: str, path: str) -> None:
    visitor = site.enter(account)
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Go to the overview" in answer.text
    stranger = requests.get(visitor.home + path, timeout=30)
    assert stranger.status_code == 404
    assert "<h1>Page not found</h1>" in stranger.text
    assert requests.get(f"{site.url}/portal/nothing", timeout=30).status_code == 404
    assert visitor.get("/history/").status_code == 200


@pytest.mark.parametrize("path", ["", "/a/nothing/here", "a%2F/x"])
def test_an_address_without_an_account_answers_with_a_page(site: Site, account: str, path: str) -> None:
    cookie = site.enter(account).cookie
    answer = requests.get(f"{site.url}/portal/accounts/{path}", headers={"Cookie": cookie}, timeout=30)
    assert answer.status_code == 404
    assert "<h1>Page not found</h1>" in answer.text


def test_a_cookie_that_is_no_id_of_a_session_leads_nowhere(site: Site, account: str) -> None:
    link = site.link(account)
    name = next(each.name for each in browser_of(link).cookies if each.name.startswith("portal_here_"))
    for value in ("x", "0" * 64, "0" * 3000):
        assert requests.get(link, headers={"Cookie": f"{name}={value}"}, timeout=30).status_code == 410


def test_the_headers_of_a_page_can_be_asked_for_and_open_nothing(site: Site, account: str) -> None:
    link = site.link(account)
    for path in (link, f"{site.url}/portal", f"{site.url}/portal/signed-out"):
        answer = requests.head(path, timeout=30)
        assert answer.status_code == 200
        assert not answer.content
        assert "Set-Cookie" not in answer.headers
    visitor = site.enter(account)
    assert requests.head(visitor.home, headers={"Cookie": visitor.cookie}, timeout=30).status_code == 200


def test_the_address_of_a_form_leads_to_the_page_that_has_it(site: Site, account: str) -> None:
    assert page_with("/clients/{client_id}/move/withdraw") == "/clients/{client_id}/move"
    visitor = site.enter(account)
    forms = {path for _, path, _ in PAGES} - WITH_PAGE
    assert {"/plan/cancel", "/sign-out", "/card/remove", "/recurring/end"} <= forms
    for path in sorted(forms):
        answer = visitor.get(path.replace("{payment_id}", "pay_1").replace("{client_id}", "acme.bob"))
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith(HOME.replace("{account_id}", account))


@pytest.mark.browser
def test_a_person_who_opens_the_link_again_goes_on(people: People, site: Site, account: str) -> None:
    page = people.context(width=390).new_page()
    link = site.link(account, page="plan")
    page.goto(link)
    page.wait_for_url("**/plan")
    page.goto(link)
    page.wait_for_url("**/plan?link=unusable")
    expect(page.get_by_role("status")).to_contain_text(STILL)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Go back")).to_have_attribute("href", "https://app.example.com/settings")
