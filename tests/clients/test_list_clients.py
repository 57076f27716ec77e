"""Lists of clients over HTTP: what a page shows, in tabs, and in how many calls."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, Standing
from chalicelib.clients.client import needs_attention
from chalicelib.clients.list_clients import MOST_SUMMED, list_clients, sum_month
from chalicelib.clock import month_of
from chalicelib.ledger.post import post
from tests.api import Api, problem
from tests.build import credit, pair, unique
from tests.clients.build import rebill
from tests.clients.client import Client
from tests.subscriptions.world import RenewalWorld
from tests.wire import calls_of

Json = dict[str, Any]


def make(agency: str, number: int, standing: Standing = "active") -> str:
    """Make a client of a workspace, with its wallet."""
    client_id = f"{agency}.{number:04d}"
    fields = {"kind": "client", "workspace_id": agency, "name": f"Client {number}", "email": "kim@acme.example"}
    account = Account(
        account_id=client_id,
        **fields,  # type: ignore[arg-type]
        currency="usd",
        locale="en",
        country=None,
        billing_details=None,
        created_at_ms=0,
        standing=standing,
    )
    assert accounts.create(account)
    return client_id


def pages(api: Api, agency: str, **query: Any) -> Iterator[Json]:
    """Yield the pages of a list, from the first to the last."""
    cursor = None
    while True:
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        path = "&".join(f"{name}={value}" for name, value in asked.items())
        answer = api.get(f"/v1/accounts/{agency}/clients?{path}", token=api.token("viewer", agency))
        assert answer.status_code == 200, answer.text
        yield answer.json()
        cursor = answer.json()["next_cursor"]
        if not cursor:
            return


def listed(api: Api, agency: str, **query: Any) -> list[str]:
    return [client["account_id"] for page in pages(api, agency, **query) for client in page["data"]]


def test_a_client_is_shown_with_its_money_and_what_is_missing(api: Api, agency: str) -> None:
    client = rebill(make(agency, 1))
    now_ms = clock.now_ms()
    post([pair(1, client, agency, occurred_at_ms=now_ms), pair(2, client, agency, occurred_at_ms=now_ms)])
    ((shown,),) = [page["data"] for page in pages(api, agency)]
    assert {
        name: shown[name] for name in ("account_id", "name", "standing", "rebilled", "balance", "card_on_file")
    } == {
        "account_id": client,
        "name": "Client 1",
        "standing": "active",
        "rebilled": True,
        "balance": "-0.14",
        "card_on_file": False,
    }
    assert shown["month"] == {"revenue": "0.14", "cost": "0.10", "margin": "0.04", "currency": "usd"}
    assert shown["auto_pay"] == {"status": "off", "reason": None, "detail": None}
    assert [each["code"] for each in shown["attention"]] == ["card_missing", "wallet_empty"]
    assert shown["attention"][0]["client_detail"] == "There is no card on file. Save a card."


def test_without_a_working_connection_a_client_lacks_that_and_no_card(api: Api) -> None:
    agency = api.make_account(unique("agency"))
    rebill(make(agency, 1))
    ((shown,),) = [page["data"] for page in pages(api, agency)]
    assert [each["code"] for each in shown["attention"]] == ["workspace_not_connected", "wallet_empty"]


def test_a_client_with_a_card_and_auto_pay_lacks_nothing(agency: str, client: Client, world: RenewalWorld) -> None:
    rebill(client.account_id)
    client.saver.switch_on()
    world.settle()
    (found,) = list_clients(agency, "all", after=None, limit=25, now_ms=clock.now_ms()).clients
    assert (found.has_card, found.auto_pay.status, found.balance_micros) == (True, "on", 50_000_000)
    assert needs_attention(found, 0) == []


def test_the_months_totals_are_of_all_clients(api: Api, agency: str) -> None:
    now_ms = clock.now_ms()
    clients = [make(agency, number) for number in range(3)]
    post([pair(number, each, agency, occurred_at_ms=now_ms) for number, each in enumerate(clients)])
    path = f"/v1/accounts/{agency}/clients/summary"
    answer = api.get(path, token=api.token("viewer", agency)).json()
    money = {"revenue": "0.21", "cost": "0.15", "margin": "0.06", "currency": "usd"}
    assert answer == {"month": month_of(now_ms), "clients": 3, "money": money, "complete": True}
    assert api.get(f"{path}?month=2020-01").json()["money"]["cost"] == "0.00"
    problem(api.get(f"{path}?month=2020-13"), 422, "invalid-request")


def test_tabs_hold_what_they_say(api: Api, agency: str) -> None:
    standings: list[Standing] = ["active", "suspended", "archived"]
    ids = [make(agency, number, standings[number % 3]) for number in range(9)]
    for number in (0, 1, 2, 4):
        rebill(ids[number])
    rebill(ids[5], on=False)
    assert listed(api, agency) == ids
    assert listed(api, agency, tab="suspended") == [ids[1], ids[4], ids[7]]
    assert listed(api, agency, tab="archived") == [ids[2], ids[5], ids[8]]
    assert listed(api, agency, tab="rebilled") == [ids[0], ids[1], ids[4]]
    for limit in (1, 2, 3):
        assert listed(api, agency, tab="suspended", limit=limit) == [ids[1], ids[4], ids[7]]
        assert listed(api, agency, limit=limit) == ids


def test_a_workspace_has_only_its_own_clients(api: Api, agency: str) -> None:
    make(api.make_account(unique("other")), 1)
    assert listed(api, agency) == []


def test_only_a_workspace_has_clients(api: Api, agency: str) -> None:
    client = make(agency, 1)
    for path in (f"/v1/accounts/{client}/clients", f"/v1/accounts/{client}/clients/summary"):
        problem(api.get(path, token=api.token("owner", agency)), 422, "not-a-workspace")
        problem(api.get(path, token=api.token("owner", client)), 403, "forbidden")
    problem(api.get(f"/v1/accounts/{agency}/clients", token=api.token("owner", client)), 404, "account-not-found")


@pytest.mark.parametrize("cursor", ["@", "____", "Li4vLi4"])
def test_a_cursor_of_nothing_is_refused(api: Api, agency: str, cursor: str) -> None:
    problem(api.get(f"/v1/accounts/{agency}/clients?cursor={cursor}"), 422, "invalid-cursor")


@pytest.fixture(scope="module")
def thousand(stack: Any) -> str:
    """Return a workspace with 1,000 clients: every tenth suspended, every fourth archived, one rebilled far behind."""
    agency = unique("thousand")
    for number in range(1_000):
        make(agency, number, "archived" if number % 4 == 0 else "suspended" if number % 10 == 1 else "active")
    rebill(f"{agency}.0998")
    return agency


@pytest.mark.parametrize(("tab", "calls"), [("all", 5), ("suspended", 5), ("archived", 5), ("rebilled", 2)])
def test_a_page_of_a_thousand_clients_takes_the_same_few_calls(thousand: str, tab: Any, calls: int) -> None:
    """The index, rebilling, one call for what else is shown, and usage; the page of `rebilled` shows nobody."""
    for after in (None, f"{thousand}.0400"):
        assert calls_of(lambda after=after: read_page(thousand, tab, after)) == calls  # type: ignore[misc]


def read_page(agency: str, tab: Any, after: str | None) -> None:
    found = list_clients(agency, tab, after=after, limit=25, now_ms=clock.now_ms())
    assert found.next_id
    assert len(found.clients) == {"all": 25, "rebilled": 0, "suspended": 10, "archived": 25}[tab]


def test_a_tab_is_read_to_its_end_a_hundred_clients_at_a_time(api: Api, thousand: str) -> None:
    accounts.create(Account(thousand, "workspace", None, "Big", "kim@acme.example", "usd", "en", None, None, 0))
    assert listed(api, thousand, tab="rebilled") == [f"{thousand}.0998"]
    assert len(listed(api, thousand, tab="archived")) == 250


def test_whether_a_workspace_has_clients_takes_one_call_however_many_are_archived(agency: str) -> None:
    for number in range(10):
        make(agency, number, "archived")
    assert accounts.has_clients(agency) is False
    assert calls_of(lambda: accounts.has_clients(agency)) == 1
    make(agency, 10)
    assert accounts.has_clients(agency) is True


def test_totals_of_more_clients_than_are_added_up_say_so(agency: str) -> None:
    now_ms = clock.now_ms()
    post([credit(1, agency)])
    post([pair(number, make(agency, number), agency, occurred_at_ms=now_ms) for number in range(3)])
    whole = sum_month(agency, month_of(now_ms))
    assert (whole.clients, whole.is_complete) == (3, True)
    part = sum_month(agency, month_of(now_ms), most=2)
    assert (part.clients, part.is_complete) == (2, False)
    assert MOST_SUMMED > 1_000
