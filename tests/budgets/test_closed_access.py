"""What a budget that closes means for access: whom, which meters, until when, and at what cost."""

from typing import Any

import pytest

from chalicelib import clock
from chalicelib.access.find_access import find_access
from chalicelib.accounts import table as accounts
from chalicelib.budgets import table
from chalicelib.budgets.budget import Budget
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import DAY_MS, from_ms
from chalicelib.ledger.post import post
from tests.budgets.build import NOON_MS, ask, budget, budgets, new_account, spend, token_of
from tests.build import debit, pair, receipt
from tests.clients.build import rebill
from tests.wire import calls_of

pytestmark = pytest.mark.usefixtures("memory", "noon")

OPEN: dict[str, Any] = {"allowed": True, "reason": None, "detail": None, "currency": "usd", "budget": None}


def limit(account_id: str, *several: Budget) -> None:
    current = table.find(account_id)
    assert table.write(budgets(*several, account_id=account_id, version=current.version + 1), over=current.version)


def access_of(account_id: str, meter: str | None = None, token: str | None = None) -> dict[str, Any]:
    answer = ask("GET", f"access?meter={meter}" if meter else "access", account_id=account_id, token=token)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def reason_of(account_id: str, meter: str | None = None, token: str | None = None) -> str | None:
    found: str | None = access_of(account_id, meter, token)["reason"]
    return found


def closed_of(account_id: str) -> bool:
    (found,) = ask("GET", "budgets", account_id=account_id).json()["data"]
    closed: bool = found["closed"]
    return closed


def calls_for(account_id: str) -> int:
    return calls_of(lambda: find_access(accounts.get(account_id), catalog(), "sms"))


def test_a_budget_of_all_usage_closes_everything_until_its_period_ends() -> None:
    account_id = new_account()
    spend(account_id, 10)
    limit(account_id, budget(limit_micros=10_000_001, close=True))
    assert access_of(account_id) == {**OPEN, "available": "990.00"}
    limit(account_id, budget(limit_micros=10_000_000, close=True))
    closed = {"id": "month", "meter": None, "period": "month", "until": "2027-01-01T00:00:00.000Z"}
    assert access_of(account_id) == access_of(account_id, "email")
    assert access_of(account_id) == {
        "allowed": False,
        "reason": "budget_reached",
        "detail": "A budget of Acme is used up. It can be used again once the budget is raised or its period ends.",
        "available": "990.00",
        "currency": "usd",
        "budget": closed,
    }
    limit(account_id, budget(limit_micros=10_000_000))
    assert reason_of(account_id) is None


def test_a_budget_of_a_meter_closes_that_meter_and_what_has_it_as_a_part() -> None:
    account_id = new_account()
    post([receipt(1, account_id, occurred_at_ms=clock.now_ms())])
    limit(account_id, budget(meter="llm_minute", period="day", limit_micros=17_433, close=True))
    reasons = [reason_of(account_id, meter) for meter in (None, "sms", "llm_minute", "ai_call")]
    assert reasons == [None, None, "budget_reached", "budget_reached"]
    with clock.moved_to(from_ms(NOON_MS + DAY_MS)):
        assert reason_of(account_id, "llm_minute") is None


def test_what_arrives_all_the_same_is_recorded_and_charged() -> None:
    account_id = new_account()
    spend(account_id, 10)
    limit(account_id, budget(limit_micros=1_000_000, close=True))
    assert len(post([debit(2, account_id, occurred_at_ms=clock.now_ms())]).posted) == 1
    assert access_of(account_id)["available"] == "989.95"


def test_a_workspaces_budget_closes_its_clients_who_learn_only_that_they_are_paused() -> None:
    workspace_id = new_account()
    client_id = new_account(workspace_id)
    rebill(client_id)
    post([pair(1, client_id, workspace_id, occurred_at_ms=clock.now_ms())])
    limit(workspace_id, budget(meter="sms", limit_micros=50_000, close=True))
    assert reason_of(client_id) is None
    exact = access_of(client_id, "sms", token_of("owner", workspace_id))
    assert (exact["reason"], exact["budget"]["id"]) == ("workspace_budget_reached", "sms.month")
    own = access_of(client_id, "sms", token_of("owner", client_id))
    assert (own["reason"], own["budget"]) == ("service_paused", None)
    limit(client_id, budget(limit_micros=70_000, close=True))
    assert access_of(client_id, "sms", token_of("owner", client_id))["budget"]["id"] == "month"
    assert reason_of(workspace_id) is None


def test_a_client_that_does_not_pay_itself_is_closed_by_none_of_its_own() -> None:
    workspace_id = new_account()
    client_id = new_account(workspace_id)
    spend(client_id, 5)
    limit(client_id, budget(limit_micros=1_000_000, close=True))
    assert reason_of(client_id) is None
    assert closed_of(client_id) is False
    rebill(client_id)
    assert (reason_of(client_id), closed_of(client_id)) == ("budget_reached", True)


def test_an_account_without_a_budget_that_may_close_it_costs_two_calls() -> None:
    workspace_id = new_account()
    client_id = new_account(workspace_id)
    rebill(client_id)
    assert [calls_for(each) for each in (workspace_id, client_id)] == [2, 2]
    limit(workspace_id, budget(), budget(meter="email", close=True))
    assert [calls_for(each) for each in (workspace_id, client_id)] == [2, 2]
    limit(workspace_id, budget(close=True), budget(period="day", close=True), budget(meter="sms", close=True))
    assert [calls_for(each) for each in (workspace_id, client_id)] == [3, 3]
    limit(client_id, budget(close=True))
    assert calls_for(client_id) == 4


def test_a_meter_that_is_not_in_the_catalog_is_refused() -> None:
    answer = ask("GET", "access?meter=fax", account_id=new_account(), token=token_of("producer"))
    assert (answer.status, answer.json()["field"]) == (422, "meter")
