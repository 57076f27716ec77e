"""The rules of a move: what it makes of the client and its settings, what it settles, what keeps it from happening."""

import pytest
from msgspec.structs import replace

from chalicelib.accounts.account import Account, FormerWorkspace
from chalicelib.catalog.catalog import catalog
from chalicelib.moves.move import (
    VALID_MS,
    Move,
    Obstacle,
    accepted,
    find_obstacles,
    moved_account,
    moved_rebilling,
    settlement_of,
)
from chalicelib.pricing.client_price import AT_COST
from chalicelib.pricing.rebilling import ALL_METERS, LEAD_MS, NO_REBILLING, Rebilling, client_price
from chalicelib.subscriptions.subscription import Subscription
from tests.build import TIME_MS, account
from tests.filled import filled
from tests.usage.agency import ABSORBED, HALF_MORE, dated, on

LIMITS = catalog().usage
DAY_MS = 24 * 60 * 60 * 1000
ASKED = Move("salon", "north", "south", "settle", "jane", TIME_MS - DAY_MS, TIME_MS - DAY_MS + VALID_MS)
SALON = replace(account("salon", workspace_id="north"), standing_reason="it was agreed", standing_actor="jane")
SOUTH = account("south")


def accept(settle_micros: int = -4_000_000) -> Move:
    return accepted(ASKED, settle_micros=settle_micros, actor="kim", now_ms=TIME_MS, limits=LIMITS)


def test_a_request_is_open_for_seven_days_unless_it_is_answered() -> None:
    assert ASKED.is_open(ASKED.expires_at_ms - 1)
    assert not ASKED.is_open(ASKED.expires_at_ms)
    assert not accept().is_open(TIME_MS)


def test_usage_is_the_new_workspaces_from_a_time_on_that_no_event_being_posted_can_have() -> None:
    assert accept().charged_from_ms == TIME_MS + LIMITS.maximum_future_ms + LEAD_MS


def test_a_moved_client_remembers_its_workspace_and_forgets_what_that_decided() -> None:
    move = accept()
    moved = moved_account(SALON, move)
    assert moved.workspace_id == "south"
    assert moved.former_workspaces == (FormerWorkspace("north", TIME_MS, move.charged_from_ms, SALON.name),)
    assert (moved.workspace_at(TIME_MS - 1), moved.workspace_at(TIME_MS)) == ("north", "south")
    assert (moved.standing, moved.standing_reason, moved.standing_actor) == ("active", None, None)
    assert replace(moved, workspace_id="north", former_workspaces=()) == replace(
        SALON, standing_reason=None, standing_actor=None
    )


@pytest.mark.parametrize("is_on", [True, False])
def test_from_then_on_the_client_pays_like_a_new_one_of_its_new_workspace(is_on: bool) -> None:
    move = accept()
    from_ms = move.charged_from_ms
    own = replace(
        on(sms=HALF_MORE),
        prices={"sms": dated((0, HALF_MORE), (from_ms + DAY_MS, ABSORBED)), "email": dated((from_ms + 1, ABSORBED))},
        allowances_micros=dated((0, 5_000_000), (from_ms + DAY_MS, 7_000_000)),
        version=3,
    )
    defaults = Rebilling(dated((0, is_on)), {ALL_METERS: dated((0, ABSORBED))})
    after = moved_rebilling(own, defaults, move, LIMITS)
    assert after.version == 4
    for time_ms in (from_ms, from_ms + 2 * DAY_MS):
        assert after.is_on(time_ms) is is_on
        assert {client_price(after, defaults, meter, time_ms) for meter in ("sms", "email")} == {ABSORBED}
        assert after.allowance_at(time_ms) == 0
    before_ms = from_ms - 1
    assert after.is_on(before_ms)
    assert client_price(after, NO_REBILLING, "sms", before_ms) == HALF_MORE
    assert client_price(after, NO_REBILLING, "email", before_ms) == AT_COST
    assert [after.allowance_at(time_ms) for time_ms in (TIME_MS - 1, TIME_MS)] == [5_000_000, 0]


def test_the_version_of_the_settings_changes_also_where_nothing_else_does() -> None:
    after = moved_rebilling(NO_REBILLING, NO_REBILLING, accept(), LIMITS)
    assert after == replace(NO_REBILLING, version=1)


@pytest.mark.parametrize(("settle_micros", "type"), [(-4_000_000, "debit"), (1_500_000, "credit")])
def test_a_settlement_is_the_same_posting_whenever_it_is_made(settle_micros: int, type: str) -> None:
    move = accept(settle_micros)
    posting = settlement_of(move)
    assert posting == settlement_of(replace(move, is_settled=True, version=9))
    assert posting.identity.event_id == f"move/{TIME_MS}"
    assert [(leg.account_id, leg.type, leg.signed_micros) for leg in posting.legs] == [("salon", type, settle_micros)]


def test_there_is_nothing_to_settle_where_the_balance_is_kept() -> None:
    kept = accepted(replace(ASKED, balance="keep"), settle_micros=0, actor="kim", now_ms=TIME_MS, limits=LIMITS)
    assert not kept.waits_for_settlement
    assert accept(0).waits_for_settlement, "an allowance may have to end"


@pytest.mark.parametrize(
    ("client", "to", "obstacles"),
    [
        (SALON, SOUTH, []),
        (SALON, None, []),
        (replace(SALON, standing="suspended"), SOUTH, ["standing"]),
        (replace(SALON, standing="archived"), None, ["standing"]),
        (SALON, account("south", "eur"), ["currency"]),
        (SALON, account("north"), ["same_workspace"]),
        (SALON, replace(SOUTH, standing="suspended"), ["workspace_standing"]),
    ],
)
def test_what_keeps_a_client_from_being_moved(client: Account, to: Account | None, obstacles: list[Obstacle]) -> None:
    assert find_obstacles(client, None, to) == obstacles


@pytest.mark.parametrize(("status", "blocks"), [("active", True), ("unpaid", True), ("canceled", False)])
def test_a_subscription_that_is_not_over_keeps_a_client_where_it_is(status: str, blocks: bool) -> None:
    subscription = replace(filled(Subscription), status=status)
    assert find_obstacles(SALON, subscription, SOUTH) == (["subscription"] if blocks else [])


def test_a_subscription_that_never_began_is_none() -> None:
    assert find_obstacles(SALON, replace(filled(Subscription), status="incomplete", pending=None), SOUTH) == []
