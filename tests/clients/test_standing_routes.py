"""Standings over HTTP: who may give which, and what the answer says."""

from typing import Any

import pytest

from tests.api import Api, problem
from tests.build import unique

Json = dict[str, Any]


@pytest.fixture
def agency(api: Api) -> str:
    return api.make_account(unique("agency"))


@pytest.fixture
def client(api: Api, agency: str) -> str:
    return api.make_account(unique("salon"), kind="client", workspace_id=agency)


def put(api: Api, account_id: str, standing: str, *, token: str | None = None) -> Any:
    path = f"/v1/accounts/{account_id}/standing"
    return api.put(path, {"standing": standing, "reason": "it was agreed"}, token=token)


def test_a_workspaces_owner_suspends_its_client_and_sees_it(api: Api, agency: str, client: str) -> None:
    owner = api.token("owner", agency)
    answer = put(api, client, "suspended", token=owner)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    assert (body["standing"], body["reason"]) == ("suspended", "it was agreed")
    assert body["changed_by"] == f"owner:{agency}"
    assert body["changed_at"].endswith("Z")
    assert body["recurring_charges"] == {
        "subscription_status": None,
        "subscription_ends_at": None,
        "auto_pay_enabled": False,
    }
    path = f"/v1/accounts/{client}/standing"
    assert api.get(path, token=api.token("viewer", agency)).json() == body
    assert api.get(f"/v1/accounts/{client}", token=api.token("owner", client)).json()["standing"] == "suspended"


def test_a_workspace_does_not_change_its_own_standing(api: Api, agency: str) -> None:
    problem(put(api, agency, "active", token=api.token("owner", agency)), 403, "forbidden")
    assert put(api, agency, "suspended").json()["standing"] == "suspended"


def test_a_client_sees_its_standing_and_not_why(api: Api, agency: str, client: str) -> None:
    own = api.token("owner", client)
    problem(put(api, client, "active", token=own), 403, "forbidden")
    problem(api.get(f"/v1/accounts/{client}/standing", token=own), 403, "forbidden")
    put(api, client, "suspended")
    assert "it was agreed" not in api.get(f"/v1/accounts/{client}", token=own).text


def test_a_client_of_another_workspace_is_not_found(api: Api, client: str) -> None:
    other = api.token("owner", api.make_account(unique("other")))
    problem(put(api, client, "suspended", token=other), 404, "account-not-found")


def test_a_workspace_is_archived_after_its_clients_and_gets_no_new_ones(api: Api, agency: str, client: str) -> None:
    refusal = problem(put(api, agency, "archived"), 409, "workspace-has-clients")
    assert agency in refusal["detail"]
    assert api.get(f"/v1/accounts/{agency}").json()["standing"] == "active"
    put(api, client, "archived")
    assert put(api, agency, "archived").json()["standing"] == "archived"
    fields = {"kind": "client", "name": "New", "email": "a@acme.example", "currency": "usd", "workspace_id": agency}
    problem(api.put(f"/v1/accounts/{agency}.new", fields), 409, "account-archived")


def test_a_standing_that_does_not_exist_is_refused(api: Api, client: str) -> None:
    problem(put(api, client, "deleted"), 422, "invalid-request")


def test_changing_an_account_leaves_its_standing(api: Api, agency: str, client: str) -> None:
    put(api, client, "suspended")
    assert api.put(f"/v1/accounts/{client}", {"name": "Another"}).json()["standing"] == "suspended"
