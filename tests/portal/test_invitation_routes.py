"""A workspace's owner invites the billing contact of its client: one mail, one link, one session."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.exceptions import ReadTimeoutError

from chalicelib import clock
from chalicelib.portal.invitation_table import InvitationRow
from local.aws import Aws
from tests.api import NOBODY, Api, problem
from tests.environment import use
from tests.notices.conftest import Inbox
from tests.notices.sending import ses
from tests.wait import wait_for

MONTH_SECONDS = 30 * 24 * 3600
_numbers = count(1)
OPERATOR = re.compile("Example Platform|Example Billing|500 Market Street", re.IGNORECASE)


@pytest.fixture(autouse=True)
def base_url(api: Api) -> Iterator[None]:
    """Let links lead to this server, where cookies need no HTTPS."""
    with use({"PORTAL_BASE_URL": api.url}):
        yield


@pytest.fixture
def inbox(aws: Aws) -> Inbox:
    return Inbox(aws.endpoint)


class Agency:
    """A workspace with a client, its token, and the mails that the client gets."""

    def __init__(self, api: Api, inbox: Inbox, **client: Any) -> None:
        number = next(_numbers)
        self.api, self.inbox = api, inbox
        self.id = api.make_account(f"agency-{number}", name="Studio North", email="hello@north.example")
        self.email = f"bob-{number}@bakery.example"
        about = {"kind": "client", "workspace_id": self.id, "name": "Bob's Bakery", "email": self.email, **client}
        self.client = api.make_account(f"{self.id}.bob", **about)
        self.token = api.token("owner", self.id, expires_in=MONTH_SECONDS)
        self.path = f"/v1/accounts/{self.client}/invitations"

    def invite(self, token: str | None = None) -> requests.Response:
        return self.api.post(self.path, None, token=self.token if token is None else token)

    def link(self) -> str:
        """Invite, and return the link of the newest mail."""
        answer = self.invite()
        assert answer.status_code == 201, answer.text
        return link_of(self.inbox.mails(self.email)[-1])

    def states(self) -> list[str]:
        return [each["state"] for each in self.api.get(self.path, token=self.token).json()["data"]]


def link_of(mail: dict[str, Any]) -> str:
    (link,) = re.findall(r"https?://\S+/portal/invitations/\S+", mail["BodyText"])
    return str(link)


@pytest.fixture
def agency(api: Api, inbox: Inbox) -> Agency:
    return Agency(api, inbox)


def test_the_contact_gets_a_mail_and_comes_into_the_clients_portal_and_no_other(agency: Agency) -> None:
    shown = agency.invite().json()
    assert (shown["number"], shown["state"], shown["sent_to"]) == (1, "sent", agency.email)
    mail = agency.inbox.only(agency.email)
    assert mail["Subject"] == "Studio North invites you to your billing page"
    assert mail["Source"].startswith("Studio North <")
    with requests.Session() as browser:
        page = browser.get(link_of(mail), timeout=30)
        assert "Studio North has invited you to the billing page of Bob&#39;s Bakery." in page.text
        home = browser.post(link_of(mail), timeout=30)
        assert (home.status_code, urlsplit(home.url).path) == (200, f"/portal/accounts/{agency.client}")
        assert OPERATOR.search(home.text + page.text) is None
        cookie = f"portal_session={browser.cookies['portal_session']}"
    others = requests.get(f"{agency.api.url}/portal/accounts/{agency.id}", headers={"Cookie": cookie}, timeout=30)
    assert others.status_code == 401
    (kept,) = agency.api.get(agency.path, token=agency.token).json()["data"]
    assert kept["state"] == "opened"
    assert kept["sent_at"] <= kept["opened_at"] < kept["expires_at"]


def test_the_mail_names_the_workspace_alone_in_the_clients_language(api: Api, inbox: Inbox) -> None:
    agency = Agency(api, inbox, locale="de")
    agency.link()
    mail = inbox.only(agency.email)
    assert mail["Subject"] == "Studio North lädt Sie auf Ihre Abrechnungsseite ein"
    for text in (mail["BodyText"], mail["BodyHtml"]):
        assert "Sie erhalten diese E-Mail als Kontakt für die Abrechnung" in text
        assert OPERATOR.search(text) is None
    assert OPERATOR.search(mail["Source"].partition("<")[0]) is None


def test_a_scanner_that_follows_the_link_does_not_use_it_up(agency: Agency) -> None:
    link = agency.link()
    for method in ("GET", "HEAD", "GET"):
        seen = requests.request(method, link, headers={"User-Agent": "scanner"}, timeout=30, allow_redirects=False)
        assert "Set-Cookie" not in seen.headers
        assert "Location" not in seen.headers
        assert "data-open" not in seen.text
    assert agency.states() == ["sent"]
    assert requests.post(link, timeout=30).status_code == 200


def test_a_link_that_was_used_says_so_and_whom_to_ask(agency: Agency) -> None:
    link = agency.link()
    assert requests.post(link, timeout=30).status_code == 200
    for answer in (requests.get(link, timeout=30), requests.post(link, timeout=30)):
        assert answer.status_code == 410
        assert "This invitation was already used" in answer.text
        assert "ask Studio North at hello@north.example" in answer.text
        assert "Set-Cookie" not in answer.headers


def test_a_new_link_makes_the_older_one_void(agency: Agency) -> None:
    older, newer = agency.link(), agency.link()
    answer = requests.post(older, timeout=30)
    assert (answer.status_code, "a newer invitation" in answer.text) == (410, True)
    assert requests.post(newer, timeout=30).status_code == 200
    assert agency.states() == ["opened", "replaced"]


def test_a_link_to_an_address_that_was_corrected_since_opens_nothing(agency: Agency) -> None:
    link = agency.link()
    path = f"/v1/accounts/{agency.client}"
    assert agency.api.put(path, {"email": "mary@bakery.example"}, token=agency.token).status_code == 200
    for answer in (requests.get(link, timeout=30), requests.post(link, timeout=30)):
        assert answer.status_code == 410
        assert "This invitation is no longer valid" in answer.text
        assert "ask Studio North at hello@north.example" in answer.text
        assert "Set-Cookie" not in answer.headers
    assert agency.states() == ["void"]


def test_a_link_is_void_after_a_week(agency: Agency) -> None:
    link = agency.link()
    with clock.moved_to(clock.now() + timedelta(days=6, hours=23)):
        assert requests.get(link, timeout=30).status_code == 200
    with clock.moved_to(clock.now() + timedelta(days=7)):
        answer = requests.post(link, timeout=30)
        assert (answer.status_code, "This invitation has expired" in answer.text) == (410, True)
        assert agency.states() == ["expired"]


@pytest.mark.parametrize("wrong", ["{link}x", "{home}/1/guessed", "{home}/2/{secret}", "{home}/one/{secret}"])
def test_a_link_that_is_not_complete_tells_nothing_about_the_client(agency: Agency, wrong: str) -> None:
    link = agency.link()
    home, _, secret = link.rsplit("/", 2)
    answer = requests.post(wrong.format(link=link, home=home, secret=secret), timeout=30)
    assert answer.status_code == 410
    assert not re.search("Studio North|Bakery", answer.text)
    assert OPERATOR.search(answer.text) is None
    assert agency.states() == ["sent"]


def test_only_a_hash_of_the_secret_is_stored(agency: Agency) -> None:
    secret = agency.link().rpartition("/")[2]
    (row,) = InvitationRow.query(agency.client)
    assert secret not in str(row.values())


def test_a_fourth_mail_within_an_hour_waits(agency: Agency) -> None:
    for _ in range(3):
        agency.link()
    refused = agency.invite()
    body = problem(refused, 429, "too-many-invitations")
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert body["retry_at"] in body["detail"]
    with clock.moved_to(clock.now() + timedelta(hours=1)):
        assert agency.invite().status_code == 201


def test_eight_requests_at_once_send_three_mails(agency: Agency) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(each.status_code for each in pool.map(lambda _: agency.invite(), range(8)))
    assert statuses == [201] * 3 + [429] * 5
    assert len(agency.inbox.mails(agency.email)) == 3
    assert agency.states() == ["sent", "replaced", "replaced"]


def test_a_link_that_is_opened_twice_at_once_gives_one_session(agency: Agency) -> None:
    link = agency.link()
    with ThreadPoolExecutor(6) as pool:
        found = [*pool.map(lambda _: requests.post(link, timeout=30, allow_redirects=False), range(6))]
    assert sorted(each.status_code for each in found) == [303] + [410] * 5


def test_a_mail_whose_answer_was_lost_may_have_arrived_and_its_link_works(agency: Agency) -> None:
    def lose(_number: int) -> None:
        raise ReadTimeoutError(endpoint_url="https://email")

    with ses(lose, "after"):
        problem(agency.invite(), 503, "invitation-unconfirmed")
    wait_for(lambda: bool(agency.inbox.mails(agency.email)))
    assert agency.states() == ["unconfirmed"]
    assert requests.post(link_of(agency.inbox.only(agency.email)), timeout=30).status_code == 200


def test_without_a_sender_nothing_is_written_and_the_answer_says_so(agency: Agency) -> None:
    with use({"MAIL_FROM": ""}):
        assert "MAIL_FROM" in problem(agency.invite(), 409, "mails-off")["detail"]
    assert agency.states() == []


def test_who_may_invite(agency: Agency) -> None:
    api, another = agency.api, Agency(agency.api, agency.inbox)
    problem(agency.invite(NOBODY), 401, "unauthorized")
    problem(agency.invite(api.token("owner", agency.client)), 403, "forbidden")
    problem(agency.invite(api.token("viewer", agency.id)), 403, "forbidden")
    problem(agency.invite(api.token("producer")), 403, "forbidden")
    problem(agency.invite(another.token), 404, "account-not-found")
    problem(agency.invite(another.api.token("owner", another.client)), 404, "account-not-found")
    problem(api.post(f"/v1/accounts/{agency.id}/invitations", None, token=agency.token), 409, "not-a-client")
    assert agency.states() == []
    assert agency.invite(api.token()).json()["invited_by"] == "operator"


def test_who_may_see_the_invitations(agency: Agency) -> None:
    agency.link()
    seen = {
        role: agency.api.get(agency.path, token=agency.api.token(role, account_id)).status_code  # type: ignore[arg-type]
        for role, account_id in (("viewer", agency.id), ("owner", agency.client), ("producer", None))
    }
    assert seen == {"viewer": 200, "owner": 403, "producer": 403}


def test_the_list_goes_on_where_it_stopped(agency: Agency) -> None:
    for _ in range(2):
        agency.link()
    first = agency.api.get(f"{agency.path}?limit=1", token=agency.token).json()
    assert ([each["number"] for each in first["data"]], first["next_cursor"]) == ([2], "2")
    rest = agency.api.get(f"{agency.path}?limit=1&cursor=2", token=agency.token).json()
    assert ([each["number"] for each in rest["data"]], rest["next_cursor"]) == ([1], None)
    problem(agency.api.get(f"{agency.path}?cursor=x", token=agency.token), 422, "invalid-cursor")
