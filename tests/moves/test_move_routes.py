"""Moves over HTTP: who asks, who accepts, what each sees, and what nobody learns."""

from typing import Any

import pytest

from chalicelib.ledger.table import WalletRow
from chalicelib.moves.list_incoming import MOST_LISTED
from tests.api import Api, problem
from tests.build import unique
from tests.damage import damage

Json = dict[str, Any]


@pytest.fixture
def north(api: Api) -> str:
    return api.make_account(unique("north"), name="North Agency")


@pytest.fixture
def south(api: Api) -> str:
    return api.make_account(unique("south"), name="South Agency")


@pytest.fixture
def salon(api: Api, north: str) -> str:
    client = api.make_account(unique("salon"), kind="client", workspace_id=north, name="Salon")
    credit = {"type": "credit", "amount": "3.50", "reason": "A welcome"}
    assert api.post(f"/v1/accounts/{client}/adjustments", credit, Idempotency_Key="key").status_code == 201
    return client


def ask(api: Api, client: str, to: str, *, token: str | None = None, balance: str = "keep") -> Any:
    return api.put(f"/v1/accounts/{client}/move", {"to_workspace_id": to, "balance": balance}, token=token)


def answer(api: Api, workspace: str, client: str, body: Json, *, token: str | None = None) -> Any:
    return api.post(f"/v1/accounts/{workspace}/incoming-moves/{client}", body, token=token)


def incoming(api: Api, workspace: str, token: str) -> list[Json]:
    found = api.get(f"/v1/accounts/{workspace}/incoming-moves", token=token)
    assert found.status_code == 200, found.text
    body: list[Json] = found.json()["data"]
    return body


def codes(reasons: list[Json]) -> set[str]:
    assert all(each["detail"] for each in reasons)
    return {each["code"] for each in reasons}


def test_one_workspace_asks_and_the_other_sees_what_it_takes_and_accepts(
    api: Api, north: str, south: str, salon: str
) -> None:
    jane, kim = api.token("owner", north), api.token("owner", south)
    asked = ask(api, salon, south, token=jane, balance="settle")
    assert asked.status_code == 200, asked.text
    shown: Json = asked.json()
    assert (shown["state"], shown["balance"], shown["asked_by"]) == ("requested", "settle", f"owner:{north}")
    assert (shown["obstacles"], shown["charged_from"], shown["settlement"]) == ([], None, None)
    assert api.get(f"/v1/accounts/{salon}/move", token=api.token("viewer", north)).json() == shown

    (seen,) = incoming(api, south, api.token("viewer", south))
    assert seen["client"] == {"account_id": salon, "name": "Salon", "balance": "3.50", "currency": "usd"}
    assert seen["from_workspace"] == {"account_id": north, "name": "North Agency"}
    assert (seen["balance"], seen["expires_at"], seen["obstacles"]) == ("settle", shown["expires_at"], [])
    assert codes(seen["goes_along"]) == {"wallet", "invoices", "auto_pay", "account", "balance"}
    assert codes(seen["stays"]) == {"cards", "payments", "prices", "usage", "seller"}
    assert seen["goes_along"] == shown["goes_along"]

    accepted = answer(api, south, salon, {"accept": True, "balance": "settle"}, token=kim)
    assert accepted.status_code == 200, accepted.text
    body: Json = accepted.json()
    assert body["settlement"] == {"type": "debit", "amount": "3.50", "currency": "usd", "posted": True}
    assert (body["state"], body["answered_by"], body["asked_by"]) == ("accepted", f"owner:{south}", None)
    assert body["charged_from"] > body["answered_at"]
    assert answer(api, south, salon, {"accept": True, "balance": "settle"}, token=kim).json() == body
    assert incoming(api, south, kim) == []

    account = api.get(f"/v1/accounts/{salon}", token=kim).json()
    assert account["workspace_id"] == south
    (latest, *_) = api.get(f"/v1/accounts/{salon}/transactions", token=kim).json()["data"]
    assert (latest["kind"], latest["balance_after"]) == ("settlement", "0.00")
    for path in ("", "/move", "/rebilling", "/transactions"):
        problem(api.get(f"/v1/accounts/{salon}{path}", token=jane), 404, "account-not-found")


def test_asking_says_the_same_whether_the_other_workspace_exists_or_not(api: Api, south: str, salon: str) -> None:
    def said(to: str) -> Json:
        found: Json = ask(api, salon, to).json()
        return {name: value for name, value in found.items() if not name.endswith("_at")}

    assert said("nobody-at-all") == {**said(south), "to_workspace_id": "nobody-at-all"}


def test_a_request_is_withdrawn_or_declined(api: Api, north: str, south: str, salon: str) -> None:
    jane, kim = api.token("owner", north), api.token("owner", south)
    path = f"/v1/accounts/{salon}/move"
    problem(api.get(path, token=jane), 404, "move-not-found")
    problem(api.call("DELETE", path, token=jane), 404, "move-not-found")
    ask(api, salon, south, token=jane)
    assert api.call("DELETE", path, token=jane).json()["state"] == "withdrawn"
    assert incoming(api, south, kim) == []
    problem(answer(api, south, salon, {"accept": True, "balance": "keep"}, token=kim), 409, "move-not-open")
    ask(api, salon, south, token=jane)
    assert answer(api, south, salon, {"accept": False}, token=kim).json()["state"] == "declined"
    shown = api.get(path, token=jane).json()
    assert (shown["state"], shown["answered_by"]) == ("declined", None)
    problem(api.call("DELETE", path, token=jane), 409, "move-not-open")


def test_both_must_want_the_same_of_the_balance(api: Api, south: str, salon: str) -> None:
    ask(api, salon, south, balance="settle")
    for body in ({"accept": True, "balance": "keep"}, {"accept": True}):
        problem(answer(api, south, salon, body), 409, "balance-not-agreed")


def test_what_keeps_a_client_is_shown_to_both_and_refuses_the_move(
    api: Api, north: str, south: str, salon: str
) -> None:
    jane, kim = api.token("owner", north), api.token("owner", south)
    api.put(f"/v1/accounts/{salon}/standing", {"standing": "suspended", "reason": "it owes"}, token=jane)
    assert codes(ask(api, salon, south, token=jane).json()["obstacles"]) == {"standing"}
    (seen,) = incoming(api, south, kim)
    assert codes(seen["obstacles"]) == {"standing"}
    refused = problem(answer(api, south, salon, {"accept": True, "balance": "keep"}, token=kim), 409, "move-blocked")
    assert refused["obstacles"] == ["standing"]
    problem(ask(api, salon, north, token=jane), 409, "move-blocked")


def test_only_the_two_workspaces_and_the_operator_have_a_say(api: Api, north: str, south: str, salon: str) -> None:
    own, viewer = api.token("owner", salon), api.token("viewer", north)
    for token in (own, viewer, api.token("producer")):
        problem(ask(api, salon, south, token=token), 403, "forbidden")
    problem(ask(api, salon, south, token=api.token("owner", south)), 404, "account-not-found")
    problem(ask(api, north, south), 409, "not-a-client")
    assert ask(api, salon, south).status_code == 200
    yes = {"accept": True, "balance": "keep"}
    for token in (own, api.token("owner", north)):
        problem(answer(api, south, salon, yes, token=token), 404, "account-not-found")
    problem(answer(api, south, salon, yes, token=api.token("viewer", south)), 403, "forbidden")
    problem(api.get(f"/v1/accounts/{salon}/incoming-moves", token=own), 403, "forbidden")
    problem(api.get(f"/v1/accounts/{salon}/incoming-moves"), 422, "not-a-workspace")
    stranger = api.make_account(unique("stranger"))
    problem(answer(api, stranger, salon, yes, token=api.token("owner", stranger)), 404, "move-not-found")
    assert incoming(api, stranger, api.token("owner", stranger)) == []


def test_the_list_is_bounded_and_says_so(api: Api, north: str, south: str) -> None:
    for number in range(MOST_LISTED + 1):
        client = api.make_account(f"{north}.{number}", kind="client", workspace_id=north)
        ask(api, client, south)
    found = api.get(f"/v1/accounts/{south}/incoming-moves").json()
    assert (len(found["data"]), found["complete"]) == (MOST_LISTED, False)


def test_the_balance_that_was_shown_may_be_sent_back_and_a_higher_one_is_not_taken(
    api: Api, north: str, south: str, salon: str
) -> None:
    ask(api, salon, south, token=api.token("owner", north))
    kim = api.token("owner", south)
    (shown,) = incoming(api, south, kim)
    seen = {"accept": True, "balance": "keep", "balance_seen": shown["client"]["balance"]}
    more = {"type": "credit", "amount": "1000000", "reason": "Honour this"}
    path = f"/v1/accounts/{salon}/adjustments"
    assert api.post(path, more, token=api.token("owner", north), Idempotency_Key="more").status_code == 201
    refused = problem(answer(api, south, salon, seen, token=kim), 409, "balance-grown")
    assert refused["balance"] == "1000003.50"
    problem(answer(api, south, salon, {**seen, "balance_seen": "all"}, token=kim), 422, "invalid-request")
    less = {**seen, "balance_seen": "1000003.5"}
    assert answer(api, south, salon, less, token=kim).json()["state"] == "accepted"


def test_a_request_that_cannot_be_shown_is_another_workspaces_and_hides_no_other(
    api: Api, north: str, south: str, salon: str
) -> None:
    barber = api.make_account(unique("barber"), kind="client", workspace_id=north, name="Barber")
    for client in (salon, barber):
        assert ask(api, client, south, token=api.token("owner", north)).status_code == 200
    damage(WalletRow, {"account_id": salon}, "balance_micros")
    shown = incoming(api, south, api.token("owner", south))
    assert [each["client"]["account_id"] for each in shown] == [barber]
