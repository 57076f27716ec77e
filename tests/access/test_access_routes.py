"""What each side learns about access, over HTTP."""

from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Standing
from chalicelib.ledger.post import post
from tests.api import Api
from tests.build import credit, debit, unique
from tests.clients.build import rebill


def access_of(api: Api, account_id: str, token: str | None = None) -> dict[str, Any]:
    answer = api.get(f"/v1/accounts/{account_id}/access", token=token)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def put_standing(account_id: str, standing: Standing) -> None:
    account = accounts.get(account_id)
    accounts.AccountRow(account_id).update([accounts.AccountRow.standing.set(standing)])
    assert accounts.get(account_id).name == account.name


@pytest.fixture
def agency(api: Api) -> str:
    """Return a workspace with 123.45."""
    account_id = api.make_account(unique("agency"), name="North Agency")
    post([credit(1, account_id, amount_micros=123_450_000)])
    return account_id


@pytest.fixture
def client(api: Api, agency: str) -> str:
    return api.make_account(unique("salon"), name="Salon", kind="client", workspace_id=agency)


def test_access_follows_the_balance(api: Api) -> None:
    api.make_account("paying")
    post([credit(1, "paying", amount_micros=12_500_000)])
    viewer = api.token("viewer", "paying")
    assert access_of(api, "paying", viewer) == {
        "allowed": True,
        "reason": None,
        "detail": None,
        "available": "12.50",
        "currency": "usd",
        "budget": None,
    }
    post([debit(2, "paying", amount_micros=12_500_001)])
    access = access_of(api, "paying", viewer)
    assert (access["allowed"], access["reason"], access["available"]) == (False, "balance_exhausted", "-0.000001")
    assert access["detail"] == "Acme has no balance left. It can be used again once balance is added."


def test_a_client_that_is_not_rebilled_needs_no_balance_and_does_not_see_its_workspaces(
    api: Api, agency: str, client: str
) -> None:
    for role in ("owner", "viewer"):
        own = access_of(api, client, api.token(role, client))
        assert (own["allowed"], own["available"]) == (True, None)
    for token in (api.token(), api.token("producer"), api.token("owner", agency)):
        assert access_of(api, client, token)["available"] == "123.45"


def test_a_client_that_is_rebilled_needs_both(api: Api, agency: str, client: str) -> None:
    rebill(client)
    own = access_of(api, client, api.token("owner", client))
    assert (own["reason"], own["available"]) == ("balance_exhausted", "0.00")
    assert own["detail"] == "The balance is used up. Add balance to keep using the service."
    post([credit(1, client)])
    assert access_of(api, client)["allowed"] is True
    post([debit(2, agency, amount_micros=123_450_000)])
    assert access_of(api, client)["reason"] == "workspace_balance_exhausted"


@pytest.mark.parametrize("standing", ["suspended", "archived"])
def test_a_workspaces_standing_closes_its_clients_who_learn_only_whom_to_contact(
    api: Api, agency: str, client: str, standing: Standing
) -> None:
    put_standing(agency, standing)
    own = access_of(api, client, api.token("owner", client))
    assert (own["allowed"], own["reason"], own["available"]) == (False, "service_paused", None)
    assert own["detail"] == "The service is paused; please contact North Agency."
    for token in (api.token("producer"), api.token("viewer", agency)):
        exact = access_of(api, client, token)
        assert exact["reason"] == f"workspace_{standing}"
        assert "North Agency" in exact["detail"]


def test_a_workspace_without_balance_pauses_its_clients(api: Api, agency: str, client: str) -> None:
    post([debit(2, agency, amount_micros=123_450_000)])
    assert access_of(api, client, api.token("owner", client))["reason"] == "service_paused"
    assert access_of(api, client, api.token("owner", agency))["reason"] == "workspace_balance_exhausted"


@pytest.mark.parametrize("standing", ["suspended", "archived"])
def test_a_clients_own_standing_closes_it_alone(api: Api, agency: str, client: str, standing: Standing) -> None:
    put_standing(client, standing)
    own = access_of(api, client, api.token("owner", client))
    assert own["reason"] == f"account_{standing}"
    assert own["detail"].endswith("please contact North Agency.")
    assert access_of(api, client)["detail"].startswith("Salon is ")
    assert access_of(api, agency)["allowed"] is True
