"""The portal inside the platform's page, and behind another address than its own."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from chalicelib.base_url import BaseUrl
from chalicelib.portal.policy import content_policy
from tests.api import Api
from tests.environment import use
from tests.portal.people import People
from tests.portal.site import Site

FRAMES = "https://app.example.com https://agency.example"


def framing(frame_origins: str, base_url: str) -> AbstractContextManager[None]:
    """Let these origins show the portal, which is at this address."""
    return use({"PORTAL_FRAME_ORIGINS": frame_origins, "PORTAL_BASE_URL": base_url})


@pytest.fixture
def framed(api_server: Api, site: Site) -> Iterator[Api]:
    """Return the API in this process, on the running system's resources and with settings of its own."""
    with framing(FRAMES, "https://billing.example.com/money"):
        yield api_server


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[str]:
    """Serve the platform's pages, from another site than the portal's; return their origin."""
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def test_a_connection_that_is_begun_in_a_frame_gets_its_cookie_outside_of_it(framed: Api, site: Site) -> None:
    account = site.account()
    link = framed.post("/v1/portal-sessions", {"account_id": account}).json()["url"]
    opened = requests.post(framed.url + link.partition("/money")[2], allow_redirects=False, timeout=30)
    home, headers = (
        f"{framed.url}/portal/accounts/{account}",
        {"Cookie": opened.headers["Set-Cookie"].partition(";")[0]},
    )
    page = requests.get(f"{home}/connection", headers=headers, timeout=30)
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "way": "oauth"}
    begun = requests.post(f"{home}/connection/start", form, headers=headers, timeout=30)
    assert 'href="https://billing.example.com/money/stripe/connect?state=' in begun.text
    assert "Set-Cookie" not in begun.headers
    state = begun.text.partition("/stripe/connect?state=")[2].partition('"')[0]
    led = requests.post(f"{framed.url}/stripe/connect?state={state}", timeout=30)
    cookie = led.headers["Set-Cookie"]
    assert cookie.startswith("__Host-stripe_connection_")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure")


def test_only_origins_that_the_settings_name_may_show_it(framed: Api, site: Site) -> None:
    account = site.account()
    link = framed.post("/v1/portal-sessions", {"account_id": account}).json()["url"]
    assert link.startswith("https://billing.example.com/money/portal/open/")
    opened = requests.post(framed.url + link.partition("/money")[2], allow_redirects=False, timeout=30)
    assert opened.headers["Location"] == f"/money/portal/accounts/{account}"
    cookie, here = opened.headers["Set-Cookie"].split(", ")
    assert "; Path=/money/portal; HttpOnly; SameSite=None; Secure; Partitioned; " in here
    assert cookie.endswith(f"; Path=/money/portal/accounts/{account}; HttpOnly; SameSite=None; Secure; Partitioned")

    headers = {"Cookie": cookie.partition(";")[0]}
    page = requests.get(f"{framed.url}/portal/accounts/{account}", headers=headers, timeout=30)
    assert page.status_code == 200
    assert f"frame-ancestors {FRAMES}" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert f'action="/money/portal/accounts/{account}/sign-out"' in page.text


@pytest.mark.browser
def test_in_the_platforms_page_one_pays_as_anywhere(
    people: People, site: Site, api_server: Api, platform: str, tmp_path: Path
) -> None:
    account = site.account(balance="5")
    with framing(f"https://app.example.com {platform}", api_server.url):
        link = api_server.post("/v1/portal-sessions", {"account_id": account}).json()["url"]
        (tmp_path / "billing.html").write_text(f'<iframe src="{link}" width="900" height="900">')
        page = people.context().new_page()
        page.goto(f"{platform}/billing.html")
        portal = page.frame_locator("iframe")
        expect(portal.locator(".balance")).to_have_text("$5.00")
        portal.get_by_role("link", name="Add Balance").first.click()
        portal.get_by_role("button", name="Pay $50.00").click()
        expect(portal.get_by_text("Your balance is now $55.00")).to_be_visible()
    assert len(site.charges(account)) == 1


@pytest.mark.browser
def test_in_the_page_of_an_origin_that_is_not_named_nothing_is_shown(
    people: People, site: Site, api_server: Api, platform: str, tmp_path: Path
) -> None:
    with framing(FRAMES, api_server.url):
        (tmp_path / "billing.html").write_text(f'<iframe src="{api_server.url}/portal">')
        page = people.context().new_page()
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(f"{platform}/billing.html")
        expect(page.frame_locator("iframe").get_by_role("heading")).to_have_count(0)


def test_without_named_origins_nobody_may() -> None:
    assert "frame-ancestors 'none'" in content_policy([], with_stripe=False)


def test_addresses_keep_the_stage_that_stands_before_them() -> None:
    place = BaseUrl("https://x.example", "/api")
    assert place.path("accounts", "acme", "history", from_="2026-11-01", to=None) == (
        "/api/portal/accounts/acme/history?from=2026-11-01"
    )
