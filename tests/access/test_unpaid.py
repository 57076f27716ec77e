"""What an unpaid subscription means for access, in two reads."""

import pytest

from chalicelib import clock
from chalicelib.access.find_access import find_access
from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.subscriptions import table
from chalicelib.text import Line
from tests.api import Api
from tests.subscriptions.build import subscription
from tests.wire import calls_of

HOUR_MS = 3600 * 1000


@pytest.fixture
def workspace(api: Api) -> str:
    return _with_balance(api.make_account("agency"))


@pytest.fixture
def client(api: Api, workspace: str) -> str:
    return _with_balance(api.make_account("salon", kind="client", workspace_id=workspace))


def _with_balance(account_id: str) -> str:
    adjust(
        accounts.get(account_id),
        AdjustmentRequest("credit", "5", Line("welcome")),
        key=Key("welcome", "operator"),
        actor="tester",
    )
    return account_id


def close_from(account_id: str, moment_ms: int | None) -> None:
    """Let access be closed for an unpaid subscription from a moment on."""
    current = table.find(account_id)
    version = current.version if current else 0
    wanted = subscription(account_id=account_id, status="unpaid", access_until_ms=moment_ms, version=version + 1)
    assert table.write(wanted, over=current)


def test_access_closes_when_the_grace_is_over_and_opens_when_it_is_paid(api: Api, workspace: str) -> None:
    assert api.get(f"/v1/accounts/{workspace}/access").json()["allowed"] is True
    close_from(workspace, clock.now_ms() + HOUR_MS)
    assert api.get(f"/v1/accounts/{workspace}/access").json()["allowed"] is True
    close_from(workspace, clock.now_ms())
    assert api.get(f"/v1/accounts/{workspace}/access").json() == {
        "allowed": False,
        "reason": "subscription_unpaid",
        "detail": "Acme hasn't paid for its subscription renewal.",
        "available": "5.00",
        "currency": "usd",
        "budget": None,
    }
    close_from(workspace, None)
    assert api.get(f"/v1/accounts/{workspace}/access").json()["allowed"] is True


def test_a_client_is_closed_with_its_workspace_and_a_workspace_not_with_its_client(
    api: Api, workspace: str, client: str
) -> None:
    close_from(workspace, clock.now_ms())
    assert api.get(f"/v1/accounts/{client}/access").json()["reason"] == "workspace_subscription_unpaid"
    close_from(client, clock.now_ms())
    assert api.get(f"/v1/accounts/{client}/access").json()["reason"] == "subscription_unpaid"
    close_from(workspace, None)
    assert api.get(f"/v1/accounts/{workspace}/access").json()["allowed"] is True


def test_changing_an_account_leaves_access_as_it_is(api: Api, workspace: str) -> None:
    close_from(workspace, clock.now_ms())
    api.make_account(workspace, name="Another Name")
    assert api.get(f"/v1/accounts/{workspace}/access").json()["reason"] == "subscription_unpaid"
    close_from(workspace, None)


def test_access_takes_two_reads(client: str) -> None:
    assert calls_of(lambda: find_access(accounts.get(client), catalog())) == 2
