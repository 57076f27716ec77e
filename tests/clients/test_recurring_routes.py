"""What still costs an account, over HTTP: whose charges are listed, for whom, and in how many calls."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.list_recurring import MOST_READ, list_recurring
from chalicelib.subscriptions import table as subscriptions
from tests.api import Api, problem
from tests.build import account, unique
from tests.clients.client import Client
from tests.clients.conftest import NewClient
from tests.subscriptions.build import subscription
from tests.subscriptions.world import RenewalWorld
from tests.wire import calls_of

Json = dict[str, Any]


class Agency(NamedTuple):
    """A workspace and its clients, by id."""

    id: str
    clients: list[str]


def recurring(api: Api, account_id: str, query: str = "", token: str | None = None) -> Json:
    answer = api.get(f"/v1/accounts/{account_id}/recurring{query}", token=token)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_a_workspaces_own_charges_come_first_then_its_clients(
    api: Api, agency: str, client: Client, new_client: NewClient, world: RenewalWorld
) -> None:
    own = Client(agency, client.emulator)
    own.save_card()
    own.put("agency_yearly", phone_number=1)
    client.subscribe()
    world.settle()
    archived = new_client()
    archived.put("starter")
    archived.put_standing("archived")
    new_client()
    found = recurring(api, agency, token=api.token("viewer", agency))
    first, second, third = found["data"]
    assert found["monthly"] == {"own": "81.98", "clients": "97.00"}
    assert found["next_cursor"] is None
    assert (first["account_id"], first["paid_to"]) == (agency, "platform")
    assert (first["subscription"]["price"], first["subscription"]["monthly"]) == ("983.80", "81.98")
    assert first["subscription"]["next_charge"]["amount"] == "983.80"
    assert first["subscription"]["end_with"] == f"DELETE /v1/accounts/{agency}/subscription"
    assert (second["account_id"], second["paid_to"], second["standing"]) == (client.account_id, "workspace", "active")
    assert second["auto_pay"] == {
        "status": "on",
        "amount": "50.00",
        "threshold": "20.00",
        "monthly_limit": None,
        "in_flight_payment_id": None,
        "end_with": f'PUT /v1/accounts/{client.account_id}/auto-pay {{"enabled": false}}',
    }
    assert (third["account_id"], third["standing"]) == (archived.account_id, "archived")
    plan = third["subscription"]
    assert (plan["state"], plan["monthly"], plan["next_charge"], plan["end_with"]) == ("ends", "0.00", None, None)
    assert plan["ends_at"] is not None


def test_before_and_after_ending_it(api: Api, client: Client, world: RenewalWorld) -> None:
    client.subscribe()
    world.settle()
    (before,) = recurring(api, client.account_id)["data"]
    for request in (before["subscription"]["end_with"], before["auto_pay"]["end_with"]):
        method, path, *body = request.split(" ", 2)
        answer = api.call(method, path, json.loads(body[0]) if body else None, Idempotency_Key="end")
        assert answer.status_code == 200, answer.text
    (after,) = recurring(api, client.account_id)["data"]
    assert (after["subscription"]["state"], after["auto_pay"]) == ("ends", None)


def test_a_client_sees_its_own_world_alone(api: Api, agency: str, client: Client, new_client: NewClient) -> None:
    client.put("starter")
    new_client().put("agency")
    for token in (api.token("owner", client.account_id), api.token("viewer", client.account_id)):
        answer = api.get(f"/v1/accounts/{client.account_id}/recurring", token=token)
        found = answer.json()
        assert [each["account_id"] for each in found["data"]] == [client.account_id]
        assert found["monthly"] == {"own": "49.00", "clients": None}
        assert agency not in answer.text
        problem(api.get(f"/v1/accounts/{agency}/recurring", token=token), 404, "account-not-found")
    other = api.token("owner", api.make_account(unique("other")))
    problem(api.get(f"/v1/accounts/{client.account_id}/recurring", token=other), 404, "account-not-found")
    problem(api.get(f"/v1/accounts/{client.account_id}/recurring?cursor=YQ"), 422, "invalid-cursor")
    problem(api.get(f"/v1/accounts/{agency}/recurring?cursor=@"), 422, "invalid-cursor")
    problem(api.get(f"/v1/accounts/{agency}/recurring?limit=50"), 422, "invalid-request")


@pytest.fixture(scope="module")
def many(stack: object) -> Agency:
    """Return a workspace with 120 clients, every tenth of which has a subscription."""
    workspace_id = unique("many")
    made = Agency(workspace_id, [f"{workspace_id}.{number:03d}" for number in range(120)])
    assert accounts.create(account(workspace_id))
    for client in made.clients:
        assert accounts.create(account(client, workspace_id=workspace_id))
    for client in made.clients[::10]:
        assert subscriptions.write(subscription("starter", account_id=client), over=None)
    return made


def pages(api: Api, account_id: str, limit: int) -> Iterator[Json]:
    cursor = ""
    while True:
        page = recurring(api, account_id, f"?limit={limit}{cursor}")
        yield page
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("limit", [7, MOST_READ])
def test_pages_list_every_client_once_and_their_sums_add_up(api: Api, many: Agency, limit: int) -> None:
    found = list(pages(api, many.id, limit))
    listed = [each["account_id"] for page in found for each in page["data"]]
    assert listed == many.clients[::10]
    assert sum(float(page["monthly"]["clients"]) for page in found) == 12 * 49


def test_a_page_takes_the_same_few_calls_however_many_clients_there_are(many: Agency) -> None:
    workspace, client = account(many.id), account(many.clients[0], workspace_id=many.id)
    assert calls_of(lambda: list_recurring(workspace, catalog())) == 3
    assert calls_of(lambda: list_recurring(workspace, catalog(), after=many.clients[40])) == 3
    assert calls_of(lambda: list_recurring(client, catalog())) == 2
