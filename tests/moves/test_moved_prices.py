"""Prices of a client that was just moved: the new workspace sets none of them before usage is charged to it."""

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_rebilling import change_rebilling, load_rebilling
from chalicelib.clients.rebilling_request import ClientPriceRequest, RebillingInvalid, RebillingRequest
from chalicelib.clock import iso, now_ms
from tests.moves.world import World, later
from tests.usage.agency import HALF_MORE, dated, on

pytestmark = pytest.mark.usefixtures("stack")

MINUTE_MS = 60_000
FREE = RebillingRequest(
    enabled=False, meters={"sms": ClientPriceRequest("absorbed")}, default=ClientPriceRequest("absorbed")
)


@pytest.fixture
def world() -> World:
    return World(on(sms=HALF_MORE))


def _change(client: Account, request: RebillingRequest) -> int:
    return change_rebilling(client, request, actor="kim", catalog=catalog()).time_ms


def test_the_new_workspace_changes_no_price_of_usage_that_the_former_one_pays(world: World) -> None:
    world.ask()
    charged_from_ms = world.accept().charged_from_ms
    assert _change(world.client, FREE) == charged_from_ms
    with later(10 * MINUTE_MS):
        world.use(1)
        assert _change(world.client, FREE) == charged_from_ms
    assert world.balances() == (-50_000, -75_000, 0)
    with later(20 * MINUTE_MS):
        world.use(2)
        assert _change(world.client, RebillingRequest(enabled=True)) > charged_from_ms
    assert world.balances() == (-50_000, -75_000, -50_000)
    world.assert_sound()


def test_a_change_for_a_time_before_that_is_made_for_that_time(world: World) -> None:
    world.ask()
    charged_from_ms = world.accept().charged_from_ms
    soon, day = iso(now_ms() + 2 * MINUTE_MS), iso(now_ms() + 24 * 60 * MINUTE_MS)
    assert _change(world.client, RebillingRequest(enabled=True, start=soon)) == charged_from_ms
    assert iso(_change(world.client, RebillingRequest(enabled=False, start=day))) == day
    with pytest.raises(RebillingInvalid):
        _change(world.client, RebillingRequest(enabled=True, start=iso(now_ms() - MINUTE_MS)))


def test_the_new_workspace_is_shown_what_will_be_valid_when_its_first_usage_is_charged(world: World) -> None:
    world.ask()
    charged_from_ms = world.accept().charged_from_ms
    shown = load_rebilling(world.client, catalog())
    assert (shown.time_ms, shown.own.is_on(shown.time_ms)) == (charged_from_ms, False)
    assert shown.timelines["sms"][0].margin_micros == 0


def test_the_former_workspace_prices_its_last_minutes_by_its_defaults_alone(world: World) -> None:
    world.ask()
    world.accept()
    north = accounts.get(world.north.id)
    assert _change(north, RebillingRequest(default=ClientPriceRequest("absorbed"))) < now_ms() + 2 * MINUTE_MS


def test_no_allowance_of_the_former_workspace_is_opened_after_the_move() -> None:
    world = World(replace(on(), allowances_micros=dated((0, 5_000_000))))
    world.ask()
    world.accept()
    world.use(1)
    assert world.balances() == (-50_000, -50_000, 0)
