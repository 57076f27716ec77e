import pytest

from chalicelib.accounts.access import decide_access
from chalicelib.ledger.post import post
from chalicelib.ledger.wallet import Wallet
from tests.api import Api
from tests.build import credit, debit


def test_access_follows_the_balance(api: Api) -> None:
    api.make_account("paying")
    post([credit(1, "paying", amount_micros=12_500_000)])
    viewer = api.token("viewer", "paying")
    assert api.get("/v1/accounts/paying/access", token=viewer).json() == {
        "allowed": True,
        "reason": None,
        "available": "12.50",
        "currency": "usd",
    }
    post([debit(2, "paying", amount_micros=12_500_001)])
    access = api.get("/v1/accounts/paying/access", token=viewer).json()
    assert (access["allowed"], access["reason"], access["available"]) == (False, "balance_exhausted", "-0.000001")


def test_a_client_needs_its_workspaces_balance_too(api: Api) -> None:
    api.make_account("agency")
    api.make_account("client", kind="client", workspace_id="agency")
    post([credit(1, "client")])
    assert api.get("/v1/accounts/client/access").json()["reason"] == "workspace_balance_exhausted"
    post([credit(1, "agency")])
    assert api.get("/v1/accounts/client/access").json()["allowed"] is True


@pytest.mark.parametrize(
    ("balance", "workspace", "floor", "reason"),
    [
        (1, None, 0, None),
        (0, None, 0, "balance_exhausted"),
        (-1, None, 0, "balance_exhausted"),
        (-4, None, -5, None),
        (-5, None, -5, "balance_exhausted"),
        (1, 1, 0, None),
        (1, 0, 0, "workspace_balance_exhausted"),
        (0, 0, 0, "balance_exhausted"),
    ],
)
def test_access_ends_at_the_floor(balance: int, workspace: int | None, floor: int, reason: str | None) -> None:
    above = None if workspace is None else Wallet("w", "usd", workspace)
    found = decide_access(Wallet("a", "usd", balance), above, floor)
    assert (found.reason, found.allowed, found.available_micros) == (reason, reason is None, balance - floor)
