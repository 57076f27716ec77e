"""A workspace credits its client by hand: no card, once, and the client sees its workspace as the one who did it."""

from typing import Any

import pytest

from chalicelib.clock import now_ms
from chalicelib.ledger.verify import verify
from chalicelib.secrets import secrets
from chalicelib.token import Role, sign_token
from tests.api import Api, problem
from tests.build import unique
from tests.usage.agency import move

CREDIT = {"type": "credit", "amount": "3.50", "reason": "Two calls were cut off"}


@pytest.fixture
def agency(api: Api) -> str:
    return api.make_account(unique("agency"), name="North Agency")


@pytest.fixture
def client(api: Api, agency: str) -> str:
    return api.make_account(unique("salon"), kind="client", workspace_id=agency)


def jane(agency: str) -> str:
    """Return the token of a person of the workspace."""
    return sign_token(
        secrets().token_secret,
        role="owner",
        account_id=agency,
        expires_at_ms=4_000_000_000_000,
        subject="jane@north.example",
    )


def adjust(api: Api, account_id: str, token: str, body: dict[str, Any] = CREDIT, key: str = "key-1") -> Any:
    return api.post(f"/v1/accounts/{account_id}/adjustments", body, token=token, Idempotency_Key=key)


def test_a_workspace_credits_its_client_once(api: Api, agency: str, client: str) -> None:
    first = adjust(api, client, jane(agency))
    assert first.status_code == 201, first.text
    assert first.json()["wallet"] == {"balance": "3.50", "currency": "usd"}
    assert adjust(api, client, jane(agency)).json() == first.json()
    assert verify(client).transactions == 1
    assert verify(agency).transactions == 0


def test_the_client_sees_its_workspace_and_the_workspace_the_person(api: Api, agency: str, client: str) -> None:
    adjust(api, client, jane(agency))
    path = f"/v1/accounts/{client}/transactions"
    (shown,) = api.get(path, token=api.token("owner", agency)).json()["data"]
    assert (shown["actor"], shown["description"]) == ("jane@north.example", "Two calls were cut off")
    own = api.token("viewer", client)
    (seen,) = api.get(path, token=own).json()["data"]
    assert (seen["actor"], seen["description"]) == ("North Agency", "Two calls were cut off")
    for address in (f"{path}/{shown['id']}", f"{path}.csv", f"{path}.csv?for=spreadsheet"):
        text = api.get(address, token=own).text
        assert "North Agency" in text
        assert "jane" not in text


def test_what_the_operator_corrects_is_shown_as_the_workspaces(api: Api, client: str) -> None:
    adjust(api, client, api.token())
    (seen,) = api.get(f"/v1/accounts/{client}/transactions", token=api.token("owner", client)).json()["data"]
    assert seen["actor"] == "North Agency"


def test_a_workspace_does_not_debit_and_does_not_credit_itself(api: Api, agency: str, client: str) -> None:
    problem(adjust(api, client, jane(agency), {**CREDIT, "type": "debit"}), 403, "forbidden")
    problem(adjust(api, agency, jane(agency)), 403, "forbidden")
    problem(adjust(api, client, jane(agency), {**CREDIT, "currency": "eur"}), 422, "currency-mismatch")
    assert verify(client).transactions == verify(agency).transactions == 0


@pytest.mark.parametrize(("role", "of"), [("viewer", "agency"), ("owner", "client"), ("viewer", "client")])
def test_others_may_not(api: Api, agency: str, client: str, role: Role, of: str) -> None:
    token = api.token(role, {"agency": agency, "client": client}[of])
    problem(adjust(api, client, token), 403, "forbidden")


def test_another_workspace_does_not_find_the_client(api: Api, client: str) -> None:
    other = api.make_account(unique("other"))
    problem(adjust(api, client, jane(other)), 404, "account-not-found")


def test_after_a_move_the_new_workspace_sees_the_former_one_and_none_of_its_persons(
    api: Api, agency: str, client: str
) -> None:
    adjust(api, client, jane(agency))
    new = api.make_account(unique("agency"), name="South Agency")
    move(client, new, now_ms() + 1)
    path = f"/v1/accounts/{client}/transactions"
    for token in (api.token("owner", new), api.token("owner", client)):
        (seen,) = api.get(path, token=token).json()["data"]
        assert seen["actor"] == "North Agency"
    (seen,) = api.get(path).json()["data"]
    assert seen["actor"] == "workspace:jane@north.example"
    problem(api.get(path, token=jane(agency)), 404, "account-not-found")
