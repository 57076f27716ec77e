"""The portal inside the platform's page, and behind another address than its own."""

import os
from collections.abc import Iterator

import pytest
import requests

from chalicelib.portal.place import Place
from chalicelib.portal.policy import content_policy
from chalicelib.settings import settings
from tests.api import Api
from tests.portal.site import Site

FRAMES = "https://app.example.com https://agency.example"


@pytest.fixture
def framed(api_server: Api, site: Site) -> Iterator[Api]:
    """Return the API in this process, on the running system's resources and with settings of its own."""
    os.environ["PORTAL_FRAME_ORIGINS"] = FRAMES
    os.environ["PORTAL_BASE_URL"] = "https://billing.example.com/money"
    settings.cache_clear()
    yield api_server
    for name in ("PORTAL_FRAME_ORIGINS", "PORTAL_BASE_URL"):
        del os.environ[name]
    settings.cache_clear()


def test_only_origins_that_the_settings_name_may_show_it(framed: Api, site: Site) -> None:
    account = site.account()
    link = framed.post("/v1/portal-sessions", {"account_id": account}).json()["url"]
    assert link.startswith("https://billing.example.com/money/portal/open/")
    opened = requests.get(framed.url + link.partition("/money")[2], allow_redirects=False, timeout=30)
    assert opened.headers["Location"] == f"/money/portal/accounts/{account}"
    cookie = opened.headers["Set-Cookie"]
    assert cookie.endswith(f"; Path=/money/portal/accounts/{account}; HttpOnly; SameSite=None; Secure; Partitioned")

    headers = {"Cookie": cookie.partition(";")[0]}
    page = requests.get(f"{framed.url}/portal/accounts/{account}", headers=headers, timeout=30)
    assert page.status_code == 200
    assert f"frame-ancestors {FRAMES}" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert f'action="/money/portal/accounts/{account}/sign-out"' in page.text


def test_without_named_origins_nobody_may() -> None:
    assert "frame-ancestors 'none'" in content_policy([], with_stripe=False)


def test_addresses_keep_the_stage_that_stands_before_them() -> None:
    place = Place("https://x.example", "/api")
    assert place.path("accounts", "acme", "history", from_="2026-11-01", to=None) == (
        "/api/portal/accounts/acme/history?from=2026-11-01"
    )
