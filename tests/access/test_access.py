"""Who may use the product, by the rule alone."""

import pytest

from chalicelib.access.access import OF_THE_WORKSPACE, Side, decide_access

OPEN = Side("active", None, 1)


def side(available: int = 1, standing: str = "active", until: int | None = None) -> Side:
    return Side(standing, until, available)  # type: ignore[arg-type]


CLOSED = [
    (side(0), "balance_exhausted"),
    (side(-1), "balance_exhausted"),
    (side(until=10), "subscription_unpaid"),
    (side(0, until=9), "subscription_unpaid"),
    (side(standing="suspended"), "account_suspended"),
    (side(0, "suspended", 9), "account_suspended"),
    (side(standing="archived"), "account_archived"),
]


@pytest.mark.parametrize("open_side", [OPEN, side(until=11)])
def test_access_is_open_above_the_floor_and_within_the_grace(open_side: Side) -> None:
    found = decide_access(open_side, None, pays_itself=True, now_ms=10)
    assert (found.allowed, found.reason, found.available_micros) == (True, None, 1)


@pytest.mark.parametrize(("own", "reason"), CLOSED)
def test_an_account_is_closed_by_itself(own: Side, reason: str) -> None:
    found = decide_access(own, None, pays_itself=True, now_ms=10)
    assert (found.allowed, found.reason, found.available_micros) == (False, reason, own.available_micros)


@pytest.mark.parametrize("pays_itself", [True, False])
@pytest.mark.parametrize(("workspace", "reason"), CLOSED)
def test_a_client_is_closed_with_its_workspace(workspace: Side, reason: str, pays_itself: bool) -> None:
    found = decide_access(OPEN, workspace, pays_itself=pays_itself, now_ms=10)
    assert (found.allowed, found.reason) == (False, OF_THE_WORKSPACE[reason])  # type: ignore[index]


def test_a_rebilled_client_needs_both_balances_and_another_only_its_workspaces() -> None:
    empty = side(0)
    rebilled = decide_access(empty, OPEN, pays_itself=True, now_ms=10)
    assert (rebilled.reason, rebilled.available_micros) == ("balance_exhausted", 0)
    other = decide_access(empty, OPEN, pays_itself=False, now_ms=10)
    assert (other.allowed, other.available_micros) == (True, 1)


@pytest.mark.parametrize("pays_itself", [True, False])
def test_what_is_the_clients_own_is_told_first(pays_itself: bool) -> None:
    own = side(standing="suspended")
    assert decide_access(own, side(0), pays_itself=pays_itself, now_ms=10).reason == "account_suspended"
