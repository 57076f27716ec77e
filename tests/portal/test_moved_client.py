"""What a workspace opened of its client's portal is closed when the client moves to another workspace."""

import html
import re
from collections.abc import Iterator

import pytest
import requests

from chalicelib.clock import now_ms
from chalicelib.ledger.post import post
from local.aws import Aws
from tests.api import Api
from tests.build import pair
from tests.environment import use
from tests.notices.conftest import Inbox

BOB = "bob@bakery.example"


@pytest.fixture(autouse=True)
def base_url(api: Api) -> Iterator[None]:
    """Let links lead to this server, where cookies need no HTTPS."""
    with use({"PORTAL_BASE_URL": api.url}):
        yield


class Moving:
    """A client of `north` that goes to `south`, whose portal several people have opened."""

    def __init__(self, api: Api, north: str = "north", south: str = "south") -> None:
        self.api = api
        self.north, self.south = (api.make_account(name, name=name.title()) for name in (north, south))
        about = {"kind": "client", "workspace_id": north, "name": "Bob's Bakery", "email": BOB}
        self.client = api.make_account(f"{north}.bob", **about)

    def link(self, token: str | None = None) -> str:
        answer = self.api.post("/v1/portal-sessions", {"account_id": self.client}, token=token)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    def open(self, link: str) -> requests.Response:
        return requests.post(link, timeout=30, allow_redirects=False)

    def page(self, opened: requests.Response) -> requests.Response:
        cookie = opened.headers["Set-Cookie"].partition(";")[0]
        home = f"{self.api.url}/portal/accounts/{self.client}"
        return requests.get(home, headers={"Cookie": cookie}, timeout=30)

    def see(self, opened: requests.Response) -> int:
        return self.page(opened).status_code

    def move(self) -> None:
        body = {"to_workspace_id": self.south, "balance": "keep"}
        assert self.api.put(f"/v1/accounts/{self.client}/move", body).status_code == 200
        answer = self.api.post(
            f"/v1/accounts/{self.south}/incoming-moves/{self.client}", {"accept": True, "balance": "keep"}
        )
        assert answer.status_code == 200, answer.text


def test_the_former_workspace_is_no_longer_in_its_portal(api: Api, aws: Aws) -> None:
    moving, inbox = Moving(api), Inbox(aws.endpoint)
    norths = api.token("owner", "north")
    theirs, platforms, own = (
        moving.open(moving.link(token)) for token in (norths, None, api.token("owner", "north.bob"))
    )
    unopened = moving.link(norths)
    assert api.post(f"/v1/accounts/{moving.client}/invitations", None, token=norths).status_code == 201
    assert [moving.see(each) for each in (theirs, platforms, own)] == [200, 200, 200]
    moving.move()
    assert [moving.see(each) for each in (theirs, platforms, own)] == [401, 200, 200]
    assert "This account now belongs to another workspace" in moving.page(theirs).text
    assert moving.see(moving.open(unopened)) == 401
    (link,) = re.findall(r"https?://\S+/portal/invitations/\S+", inbox.only(BOB)["BodyText"])
    invited = moving.open(link)
    assert (invited.status_code, "This invitation is no longer valid" in invited.text) == (410, True)
    assert moving.see(moving.open(moving.link(api.token("owner", "south")))) == 200


def test_the_former_workspace_keeps_what_it_paid_for_the_client_and_learns_nothing_newer(api: Api) -> None:
    moving = Moving(api, "first", "second")
    post([pair(1, moving.client, moving.north)])
    moving.move()
    answer = api.put(f"/v1/accounts/{moving.client}", {"name": "South's new name"})
    assert answer.status_code == 200, answer.text
    post([pair(2, moving.client, moving.south, occurred_at_ms=now_ms())])

    norths, souths, others = (
        api.token("owner", each) for each in (moving.north, moving.south, api.make_account("west", name="West"))
    )
    path = f"transactions?client={moving.client}"
    assert [
        each["event_id"] for each in api.get(f"/v1/accounts/{moving.north}/{path}", token=norths).json()["data"]
    ] == ["event-1"]
    assert [
        each["event_id"] for each in api.get(f"/v1/accounts/{moving.south}/{path}", token=souths).json()["data"]
    ] == ["event-2"]
    assert api.get(f"/v1/accounts/west/{path}", token=others).status_code == 404

    link = api.post("/v1/portal-sessions", {"account_id": moving.north, "page": "history"}, token=norths).json()["url"]
    cookie = moving.open(link).headers["Set-Cookie"].partition(";")[0]
    home = f"{api.url}/portal/accounts/{moving.north}"
    page = requests.get(f"{home}/history?client={moving.client}", headers={"Cookie": cookie}, timeout=30)
    assert page.status_code == 200
    assert "Bob's Bakery" in html.unescape(page.text)
    assert "South's new name" not in html.unescape(page.text)
    assert f"/clients/{moving.client}" not in page.text
