"""A workspace's Stripe connection over HTTP, and the pages that Stripe leads back to."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.build import unique
from tests.connection.browser import Browser
from tests.connection.owner import query_of
from tests.environment import use


@pytest.fixture
def at_emulator(api: Api, emulator: Emulator) -> Iterator[Api]:
    with use({"PORTAL_BASE_URL": api.url}):
        yield api


@pytest.fixture
def workspace(at_emulator: Api) -> str:
    return at_emulator.make_account(unique("agency"), name="Acme")


def path_of(account_id: str, *more: str) -> str:
    return "/".join([f"/v1/accounts/{account_id}/stripe-connection", *more])


@pytest.fixture
def browser() -> Browser:
    return Browser()


def start(api: Api, workspace: str, way: str = "oauth") -> str:
    """Return the address here that leads to Stripe."""
    answer = api.post(path_of(workspace), {"way": way}, token=api.token("owner", workspace))
    assert answer.status_code == 201, answer.text
    assert answer.json()["offers"] == ["oauth", "onboarding"]
    url: str = answer.json()["url"]
    return url


def go(browser: Browser, api: Api, workspace: str, way: str = "oauth") -> str:
    """Return the address at Stripe that a browser is led to."""
    return browser.go_to_stripe(start(api, workspace, way))


def shown(api: Api, workspace: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(path_of(workspace), token=api.token("viewer", workspace)).json()
    return found


def test_a_workspace_connects_tests_and_disconnects(
    at_emulator: Api, workspace: str, browser: Browser, emulator: Emulator
) -> None:
    api, owner = at_emulator, at_emulator.token("owner", workspace)
    before = shown(api, workspace)
    assert (before["state"], before["stripe_account"], before["offers"]) == ("none", None, ["oauth", "onboarding"])
    page = browser.open(emulator.answer_oauth(go(browser, api, workspace)))
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Your Stripe account is connected" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    now = shown(api, workspace)
    assert (now["state"], now["charges_enabled"], now["connected_by"]) == ("active", True, f"owner:{workspace}")
    assert now["access_revoked"] is None
    emulator.restrict(now["stripe_account"], "under_review")
    tested = api.post(path_of(workspace, "test"), None, token=owner).json()
    assert (tested["state"], tested["disabled_reason"]) == ("restricted", "under_review")
    assert "reviewing" in tested["detail"]
    ended = api.call("DELETE", path_of(workspace), token=owner)
    assert (ended.status_code, ended.json()["state"]) == (200, "disconnected")
    assert ended.json()["access_revoked"]
    assert api.call("DELETE", path_of(workspace), token=owner).json() == ended.json()


def test_an_onboarding_comes_back_to_a_page_and_goes_on_after_its_link_has_expired(
    at_emulator: Api, workspace: str, browser: Browser, emulator: Emulator
) -> None:
    url = go(browser, at_emulator, workspace, "onboarding")
    emulator.move_clock(400)
    refresh = browser.open(emulator.onboard(url))
    assert refresh.status_code == 303
    assert "needs more from you" in browser.open(emulator.onboard(refresh.headers["Location"], "save")).text
    again = go(browser, at_emulator, workspace, "onboarding")
    assert "is connected" in browser.open(emulator.onboard(again)).text
    assert shown(at_emulator, workspace)["state"] == "active"


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("", 400, "This link has expired"),
        ("state=forged&code=ac_1", 400, "This link has expired"),
        ("state={state}", 400, "This link has expired"),
        ("state={state}&error=access_denied&error_description=x", 409, "declined by you or by Stripe"),
        ("state={state}&code=ac_invented", 409, "no longer accepts this"),
    ],
)
def test_a_callback_that_goes_wrong_says_what_happened(
    at_emulator: Api, workspace: str, browser: Browser, query: str, status: int, text: str
) -> None:
    state = query_of(go(browser, at_emulator, workspace))["state"]
    page = browser.open(f"{at_emulator.url}/stripe/callback?{query.format(state=state)}")
    assert (page.status_code, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert text in page.text
    assert shown(at_emulator, workspace)["state"] == "none"


@pytest.mark.parametrize("page", ["return", "refresh", "connect"])
def test_the_other_pages_refuse_what_was_not_made_here(at_emulator: Api, page: str) -> None:
    answer = Browser().open(f"{at_emulator.url}/stripe/{page}?state=forged")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_a_callback_twice_says_the_same_twice(
    at_emulator: Api, workspace: str, browser: Browser, emulator: Emulator
) -> None:
    back = emulator.answer_oauth(go(browser, at_emulator, workspace))
    assert browser.open(back).text == browser.open(back).text
    assert shown(at_emulator, workspace)["state"] == "active"


@pytest.mark.parametrize("way", ["oauth", "onboarding"])
def test_a_browser_that_was_not_led_to_stripe_is_told_to_begin_again(
    at_emulator: Api, workspace: str, browser: Browser, emulator: Emulator, way: str
) -> None:
    link = go(browser, at_emulator, workspace, way)
    back = emulator.answer_oauth(link) if way == "oauth" else emulator.onboard(link)
    stranger = Browser()
    go(stranger, at_emulator, at_emulator.make_account(unique("agency")))  # it has a cookie, of another attempt
    page = stranger.open(back)
    assert page.status_code == 403
    assert "start again with your own Stripe account" in page.text
    assert "is connected" in browser.open(back).text


def test_the_page_that_leads_to_stripe_says_for_whom_and_opens_once(
    at_emulator: Api, workspace: str, browser: Browser
) -> None:
    url = start(at_emulator, workspace)
    for _ in range(2):  # a look uses up nothing, and sets no cookie
        page = browser.open(url)
        assert f"Clients of Acme ({workspace})" in page.text
        assert "Started by: Account owner." in page.text
        assert "Set-Cookie" not in page.headers
    assert browser.send(url, origin="https://elsewhere.example").status_code == 403
    cookie = browser.send(url).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"} <= set(cookie.split("; "))
    assert Browser().send(url).status_code == 409


def test_an_account_that_is_connected_elsewhere_and_stripe_silent_have_their_pages(
    at_emulator: Api, workspace: str, browser: Browser, emulator: Emulator
) -> None:
    api = at_emulator
    browser.open(emulator.answer_oauth(go(browser, api, workspace)))
    other = api.make_account(unique("agency"))
    account = shown(api, workspace)["stripe_account"]
    page = browser.open(emulator.answer_oauth(go(browser, api, other), account=account))
    assert (page.status_code, "belongs to another workspace" in page.text) == (409, True)
    back = emulator.answer_oauth(go(browser, api, other))
    with use({"STRIPE_API_BASE": "http://127.0.0.1:9"}):
        page = browser.open(back)
    assert (page.status_code, "so nothing was connected" in page.text) == (503, True)


def test_who_may_do_what(at_emulator: Api, workspace: str) -> None:
    api = at_emulator
    client = api.make_account(f"{workspace}.bakery", kind="client", workspace_id=workspace)
    stranger = api.make_account(unique("agency"))
    asked = [("GET", ""), ("POST", ""), ("POST", "test"), ("DELETE", "")]

    def answers(token: str, account_id: str = workspace) -> list[int]:
        return [
            api.call(method, path_of(account_id, *filter(None, [more])), body, token=token).status_code
            for method, more in asked
            for body in [{"way": "oauth"} if (method, more) == ("POST", "") else None]
        ]

    assert answers(api.token("operator")) == [200, 201, 200, 200]
    assert answers(api.token("owner", workspace)) == [200, 201, 200, 200]
    assert answers(api.token("viewer", workspace)) == [200, 403, 403, 403]
    assert answers(api.token("producer")) == [403, 403, 403, 403]
    assert answers(api.token("owner", client)) == [404, 404, 404, 404]
    assert answers(api.token("owner", stranger)) == [404, 404, 404, 404]
    assert answers("nonsense") == [401, 401, 401, 401]
    assert answers(api.token("owner", client), client) == [422, 422, 422, 422]
    problem(api.get(path_of(client), token=api.token("owner", workspace)), 422, "not-a-workspace")


def test_a_client_is_told_whom_to_ask_and_its_workspace_what_to_do(at_emulator: Api, workspace: str) -> None:
    api = at_emulator
    client = api.make_account(f"{workspace}.bakery", kind="client", workspace_id=workspace)
    path = f"/v1/accounts/{client}/card-setups"
    to_client = problem(api.post(path, None, token=api.token("owner", client)), 409, "workspace-not-connected")
    assert "please contact Acme" in to_client["detail"]
    for token in (api.token("owner", workspace), api.token("operator")):
        told = problem(api.post(path, None, token=token), 409, "workspace-not-connected")
        assert "No Stripe account is connected" in told["detail"]
    overview = api.get(f"/v1/accounts/{client}/billing", token=api.token("owner", client)).json()
    assert (overview["card"], overview["card_needed_again"]) == (None, False)
