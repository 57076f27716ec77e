"""Budgets over HTTP: set, list, delete, what is refused, and who may."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.budgets import table
from chalicelib.ledger.post import post
from tests.budgets.build import ask, new_account, spend, token_of
from tests.build import pair
from tests.doors.gateway import Answer

pytestmark = pytest.mark.usefixtures("memory", "noon")


def put(account_id: str, budget_id: str, body: Mapping[str, Any], token: str | None = None) -> Answer:
    sent = json.dumps(body).encode()
    return ask("PUT", "budgets/{budget_id}", sent, token=token, account_id=account_id, budget_id=budget_id)


def listed(account_id: str, token: str | None = None) -> list[dict[str, Any]]:
    answer = ask("GET", "budgets", token=token, account_id=account_id)
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def told(account_id: str) -> list[int | None]:
    return [each.told.percent if each.told else None for each in table.find(account_id).budgets]


def test_a_budget_is_set_shown_changed_and_deleted() -> None:
    account_id = new_account()
    spend(account_id, 30)
    assert listed(account_id) == []
    answer = put(account_id, "month", {"limit": "250"}, token_of("owner", account_id))
    assert answer.status == 200, answer.text
    first = {
        "id": "month",
        "meter": None,
        "period": "month",
        "limit": "250.00",
        "currency": "usd",
        "tell": [50, 75, 100],
        "close": False,
        "spent": "30.00",
        "reached": None,
        "closed": False,
        "period_start": "2026-12-01T00:00:00.000Z",
        "period_end": "2027-01-01T00:00:00.000Z",
    }
    assert answer.json() == {"data": [first], "next_cursor": None}
    assert put(account_id, "sms.day", {"limit": "20", "tell": [100], "close": True}).status == 200
    sms = listed(account_id, token_of("viewer", account_id))[1]
    assert (sms["id"], sms["meter"], sms["period"], sms["tell"]) == ("sms.day", "sms", "day", [100])
    assert (sms["spent"], sms["reached"], sms["closed"]) == ("30.00", 100, True)
    assert put(account_id, "sms.day", {"limit": "40"}).json()["data"][1]["closed"] is False
    kept = listed(account_id)[1]
    assert (kept["limit"], kept["tell"], kept["close"]) == ("40.00", [100], True)
    for _ in range(2):
        gone = ask("DELETE", "budgets/{budget_id}", account_id=account_id, budget_id="sms.day")
        assert (gone.status, listed(account_id)) == (204, [first])


def test_a_budget_below_what_is_spent_tells_the_highest_threshold_at_once() -> None:
    account_id = new_account()
    spend(account_id, 80)
    assert put(account_id, "month", {"limit": "100"}).json()["data"][0]["reached"] == 75
    assert told(account_id) == [75]
    put(account_id, "month", {"limit": "100", "close": True})
    assert told(account_id) == [75]
    put(account_id, "month", {"limit": "80"})
    assert told(account_id) == [100]


def test_a_workspace_counts_what_it_pays_for_its_clients_and_a_client_its_own_usage() -> None:
    workspace_id = new_account()
    client_id = new_account(workspace_id)
    post([pair(1, client_id, workspace_id, occurred_at_ms=clock.now_ms())])
    spend(workspace_id, 1, number=2)
    for account_id, spent in ((workspace_id, "1.05"), (client_id, "0.07")):
        assert put(account_id, "month", {"limit": "5"}).json()["data"][0]["spent"] == spent


@pytest.mark.parametrize(
    ("budget_id", "body", "status", "slug"),
    [
        ("month", {"limit": "0"}, 422, "budget-invalid"),
        ("month", {"limit": "5.005"}, 422, "budget-invalid"),
        ("month", {"limit": "5", "currency": "eur"}, 422, "currency-mismatch"),
        ("month", {"limit": "-5"}, 422, "invalid-request"),
        ("month", {"limit": 5}, 422, "invalid-request"),
        ("month", {"close": True}, 422, "invalid-request"),
        ("month", {"limit": "5", "tell": [80]}, 422, "invalid-request"),
        ("month", {"limit": "5", "tells": [50]}, 422, "invalid-request"),
        ("year", {"limit": "5"}, 404, "budget-not-found"),
        ("fax.month", {"limit": "5"}, 404, "budget-not-found"),
        ("sms.", {"limit": "5"}, 404, "budget-not-found"),
        (".day", {"limit": "5"}, 404, "budget-not-found"),
        ("ai_call.month", {"limit": "5"}, 404, "budget-not-found"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_kept(
    budget_id: str, body: dict[str, Any], status: int, slug: str
) -> None:
    account_id = new_account()
    answer = put(account_id, budget_id, body)
    assert (answer.status, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text
    assert listed(account_id) == []


def test_a_workspace_sets_those_of_its_clients_and_nobody_those_of_others() -> None:
    workspace_id, stranger_id = new_account(), new_account()
    client_id = new_account(workspace_id)
    assert put(client_id, "day", {"limit": "5"}, token_of("owner", workspace_id)).status == 200
    assert put(client_id, "day", {"limit": "6"}, token_of("owner", client_id)).status == 200
    for token, status in (
        (token_of("viewer", client_id), 403),
        (token_of("producer"), 403),
        (token_of("owner", stranger_id), 404),
    ):
        assert put(client_id, "day", {"limit": "7"}, token).status == status
    assert put(workspace_id, "day", {"limit": "7"}, token_of("owner", client_id)).status == 404
    assert [each["limit"] for each in listed(client_id)] == ["6.00"]
