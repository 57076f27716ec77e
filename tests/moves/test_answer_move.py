"""A client is moved as was asked for: as a whole, once, and only if nothing keeps it from being moved."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import AccountNotFound
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_rebilling import change_rebilling, preview_change
from chalicelib.clients.preview import last_month
from chalicelib.clients.rebilling_request import RebillingRequest
from chalicelib.clock import now_ms
from chalicelib.ledger.post import post
from chalicelib.moves import table
from chalicelib.moves.move import VALID_MS, Balance, accepted, moved_account, moved_rebilling
from chalicelib.moves.refusals import BalanceGrown, BalanceNotAgreed, MoveBlocked, MoveNotFound, MoveNotOpen
from chalicelib.pricing import table as pricing
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.subscription import Subscription
from tests.build import account, credit, unique
from tests.filled import filled
from tests.moves.world import World, later
from tests.usage.agency import ABSORBED, HALF_MORE, dated, keep, on, send

pytestmark = pytest.mark.usefixtures("stack")

MINUTE_MS = 60_000
HALF_HOUR_MS = 30 * MINUTE_MS


@pytest.fixture
def world() -> World:
    return World(on(sms=HALF_MORE), Rebilling(dated((0, True)), {"*": dated((0, ABSORBED))}))


def test_an_accepted_client_is_the_new_workspaces_and_pays_by_its_defaults(world: World) -> None:
    asked = world.ask()
    assert (asked.state, asked.from_workspace_id, asked.expires_at_ms - asked.asked_at_ms) == (
        "requested",
        world.north.id,
        VALID_MS,
    )
    before = world.use(1)
    move = world.accept()
    assert (move.state, move.answered_by, move.is_settled) == ("accepted", "kim", True)
    assert world.client.workspace_id == world.south.id
    world.use(2)  # within the minutes in which events of before may be on their way
    assert world.balances() == (-100_000, -150_000, 0)
    with later(HALF_HOUR_MS):
        world.use(3)
        assert send(before) == []
    assert world.balances() == (-100_000, -150_000, -50_000)
    world.assert_sound()


def test_accepting_again_changes_nothing(world: World) -> None:
    world.ask()
    first = world.accept()
    client, settings = world.client, pricing.find(world.salon)
    assert world.accept() == first
    assert (world.client, pricing.find(world.salon)) == (client, settings)


def test_a_moved_client_can_be_moved_on_and_back(world: World) -> None:
    world.ask()
    world.accept()
    world.ask(to=world.north.id)
    world.accept(to=world.north.id)
    client = world.client
    assert client.workspace_id == world.north.id
    assert [each.workspace_id for each in client.former_workspaces] == [world.north.id, world.south.id]


def test_what_was_not_asked_for_is_not_accepted(world: World) -> None:
    with pytest.raises(MoveNotFound):
        world.accept()
    world.ask("settle")
    balances: tuple[Balance | None, ...] = ("keep", None)
    for balance in balances:
        with pytest.raises(BalanceNotAgreed):
            world.accept(balance)
    other = World()
    with pytest.raises(MoveNotFound):
        world.accept("settle", to=other.south.id)
    assert world.client.workspace_id == world.north.id


def test_a_balance_that_has_grown_since_it_was_shown_is_not_taken_and_a_smaller_one_is(world: World) -> None:
    world.ask()
    world.use(1)
    assert post([credit(1, world.salon)]).posted
    with pytest.raises(BalanceGrown) as refused:
        world.accept(seen_micros=-75_000)
    assert refused.value.about == {"balance": "24.925", "currency": "usd"}
    assert world.client.workspace_id == world.north.id
    world.use(2)
    assert world.accept(seen_micros=24_925_000).state == "accepted"
    assert post([credit(2, world.salon)]).posted
    assert world.accept(seen_micros=0) == world.move


def test_a_request_that_was_answered_or_has_expired_is_not_accepted(world: World) -> None:
    world.ask()
    world.withdraw()
    assert world.withdraw().state == "withdrawn"
    with pytest.raises(MoveNotOpen):
        world.accept()
    world.ask()
    assert world.decline() == world.decline()
    for answer in (world.accept, world.withdraw):
        with pytest.raises(MoveNotOpen):
            answer()
    world.ask()
    with later(VALID_MS):
        for answer in (world.accept, world.decline, world.withdraw):
            with pytest.raises(MoveNotOpen, match="expired"):
                answer()
    assert world.client.workspace_id == world.north.id


def test_asking_for_the_same_again_is_one_request_and_for_another_replaces_it(world: World) -> None:
    first = world.ask()
    assert world.ask() == first
    other = World()
    second = world.ask("settle", to=other.south.id)
    assert second.version == first.version + 1
    with pytest.raises(MoveNotFound):
        world.accept()
    with pytest.raises(MoveBlocked):
        world.ask(to=world.north.id)


def suspend(world: World) -> None:
    assert accounts.change(replace(world.client, standing="suspended"))


def suspend_south(world: World) -> None:
    assert accounts.change(replace(accounts.get(world.south.id), standing="suspended"))


@pytest.mark.parametrize(("prevent", "obstacle"), [(suspend, "standing"), (suspend_south, "workspace_standing")])
def test_a_client_is_not_moved_while_something_keeps_it(world: World, prevent: Any, obstacle: str) -> None:
    world.ask()
    prevent(world)
    with pytest.raises(MoveBlocked) as refused:
        world.accept()
    assert refused.value.about["obstacles"] == [obstacle]
    assert world.client.former_workspaces == ()


def test_a_workspace_with_another_currency_does_not_take_it(world: World) -> None:
    euro = unique("euro")
    assert accounts.create(account(euro, "eur"))
    world.ask(to=euro)
    with pytest.raises(MoveBlocked) as refused:
        world.accept(to=euro)
    assert refused.value.about["obstacles"] == ["currency"]


@pytest.mark.parametrize(("status", "moved"), [("active", False), ("canceled", True)])
def test_a_subscription_that_begins_while_the_client_is_moved_keeps_it(world: World, status: str, moved: bool) -> None:
    move, limits = world.ask(), catalog().usage
    wanted = accepted(move, settle_micros=0, actor="kim", now_ms=now_ms(), limits=limits)
    client = moved_account(world.client, wanted)
    settings = moved_rebilling(pricing.find(world.salon), Rebilling(), wanted, limits)
    began = replace(filled(Subscription), account_id=world.salon, status=status)
    subscriptions.row_of(began).save()
    assert table.accept(wanted, client, settings, over=move) is moved
    assert (world.client.workspace_id == world.south.id) is moved


def test_what_the_former_workspace_was_allowed_before_the_move_is_not_done_after_it(world: World) -> None:
    before = world.client
    world.ask()
    world.accept()
    settings = pricing.find(world.salon)
    with pytest.raises(AccountNotFound):
        change_rebilling(before, RebillingRequest(enabled=False), actor="jane", catalog=catalog())
    with pytest.raises(AccountNotFound):
        accounts.get_again(before)
    assert not accounts.change(replace(before, standing="suspended"))
    assert pricing.find(world.salon) == settings


def test_a_preview_of_the_former_workspace_has_none_of_the_clients_new_prices(world: World) -> None:
    world.use(1, time_ms=last_month(now_ms()).start_ms + MINUTE_MS)
    north = accounts.get(world.north.id)

    def previewed() -> int:
        _, preview = preview_change(north, RebillingRequest(enabled=True), actor="jane", catalog=catalog())
        return preview.clients

    assert previewed() == 1
    world.ask()
    world.accept()
    assert previewed() == 0


def test_planned_prices_of_the_former_workspace_are_dropped(world: World) -> None:
    in_a_day = world.client.created_at_ms + 24 * 60 * MINUTE_MS
    keep(world.salon, replace(on(), prices={"sms": dated((0, HALF_MORE), (in_a_day, HALF_MORE))}, version=1))
    world.ask()
    world.accept()
    with later(2 * 24 * 60 * MINUTE_MS):
        world.use(1)
    assert world.balances() == (0, 0, -50_000)
