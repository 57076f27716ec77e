"""A workspace's history filtered by client: what is found, and who may ask."""

import csv
import io

import pytest

from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Leg, Posting
from chalicelib.ledger.search import search_history
from chalicelib.ledger.statement import Filter
from chalicelib.token import Role
from tests.api import Api, problem
from tests.build import credit, debit, pair, receipt, unique


@pytest.fixture
def agency(api: Api) -> str:
    """Return a workspace with two clients that used something, and with usage of its own.

    It pays for the flowers' usage alone: that client is not rebilled.
    """
    agency = api.make_account(unique("agency"))
    for name in ("bakery", "flowers"):
        api.make_account(f"{agency}.{name}", kind="client", workspace_id=agency)
    absorbed = debit(4, f"{agency}.flowers")
    cost = Posting(absorbed.identity, absorbed.content, (Leg(agency, "debit", 50_000, 50_000),))
    post([pair(1, f"{agency}.bakery", agency), debit(2, agency), pair(3, f"{agency}.bakery", agency), cost])
    post([credit(5, agency), receipt(6, agency)])
    return agency


def events(api: Api, account: str, query: str) -> list[str]:
    return [each["event_id"] for each in api.get(f"/v1/accounts/{account}/transactions?{query}").json()["data"]]


def test_only_the_clients_usage_is_found_rebilled_or_not(api: Api, agency: str) -> None:
    assert events(api, agency, f"client={agency}.bakery") == ["event-3", "event-1"]
    assert events(api, agency, f"client={agency}.flowers") == ["event-4"]
    assert events(api, agency, f"client={agency}.bakery&type=credit") == []
    assert events(api, agency, f"client={agency}.bakery&meter=email") == []


def test_a_transaction_names_the_client_in_the_workspaces_wallet_alone(api: Api, agency: str) -> None:
    shown = api.get(f"/v1/accounts/{agency}/transactions").json()["data"]
    bakery, flowers = f"{agency}.bakery", f"{agency}.flowers"
    assert [each["client_id"] for each in shown] == [None, None, flowers, bakery, None, bakery]
    clients_own = api.get(f"/v1/accounts/{bakery}/transactions").json()["data"]
    assert [each["client_id"] for each in clients_own] == [None, None]


def test_pages_go_on_where_the_last_one_ended(api: Api, agency: str) -> None:
    home = f"/v1/accounts/{agency}/transactions?client={agency}.bakery&limit=1"
    first = api.get(home).json()
    second = api.get(f"{home}&cursor={first['next_cursor']}").json()
    assert [each["event_id"] for each in first["data"] + second["data"]] == ["event-3", "event-1"]


def test_csv_is_filtered_too_and_names_the_client(api: Api, agency: str) -> None:
    answer = api.get(f"/v1/accounts/{agency}/transactions.csv?client={agency}.bakery")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["event_id"], row["client_id"]) for row in rows] == [
        ("event-3", f"{agency}.bakery"),
        ("event-1", f"{agency}.bakery"),
    ]


def test_an_event_is_searched_for_among_a_clients_own(agency: str) -> None:
    post([pair(1, f"{agency}.flowers", agency)])
    (found,) = search_history(agency, "event-1", Filter(client=f"{agency}.bakery")).transactions
    assert found.client_id == f"{agency}.bakery"
    assert search_history(agency, "event-2", Filter(client=f"{agency}.bakery")).transactions == []


@pytest.mark.parametrize("route", ["transactions", "transactions.csv"])
@pytest.mark.parametrize(
    ("role", "caller", "of", "client", "status", "problem_type"),
    [
        ("owner", "{agency}", "{agency}", "{other}.shop", 404, "account-not-found"),
        ("operator", None, "{agency}", "{other}.shop", 404, "account-not-found"),
        ("viewer", "{agency}", "{agency}", "nobody", 404, "account-not-found"),
        ("owner", "{agency}", "{agency}", "{agency}", 404, "account-not-found"),
        ("owner", "{agency}", "{agency}", "a/b", 422, "invalid-request"),
        ("owner", "{agency}", "{agency}.bakery", "{agency}.bakery", 422, "not-a-workspace"),
        ("owner", "{agency}.bakery", "{agency}.bakery", "{agency}.bakery", 403, "forbidden"),
        ("viewer", "{agency}.bakery", "{agency}.bakery", "{agency}.flowers", 403, "forbidden"),
        ("owner", "{agency}.bakery", "{agency}", "{agency}.bakery", 404, "account-not-found"),
    ],
)
def test_only_a_workspace_filters_by_its_own_clients(
    api: Api,
    agency: str,
    route: str,
    role: Role,
    caller: str | None,
    of: str,
    client: str,
    status: int,
    problem_type: str,
) -> None:
    other = api.make_account(unique("other"))
    api.make_account(f"{other}.shop", kind="client", workspace_id=other)
    names = {"agency": agency, "other": other}
    token = api.token(role, caller.format(**names) if caller else None)
    path = f"/v1/accounts/{of.format(**names)}/{route}?client={client.format(**names)}"
    problem(api.get(path, token=token), status, problem_type)
