"""The balance of a client that was moved is settled once, as it was when it was moved, wherever the process ends."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.allowances import table as allowances
from chalicelib.allowances.allowance import Allowance
from chalicelib.allowances.end_allowances import end_due_allowances
from chalicelib.clock import to_ms
from chalicelib.ledger import table as ledger
from chalicelib.ledger.post import post
from chalicelib.moves.settle import settle_due_moves
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.runs import RunIncomplete
from local.resources import Deployment
from tests.build import credit
from tests.moves.world import World, later
from tests.usage.agency import dated, on
from tests.wire import Point, cut_off, cut_points

pytestmark = pytest.mark.usefixtures("stack")

HOUR_MS = 60 * 60 * 1000
FIVE = 5_000_000
MID_MONTH = datetime(2026, 9, 10, tzinfo=UTC)


def with_money(settings: Rebilling | None = None) -> World:
    """Return a client with 25.00 that has used 0.05 and whose balance is to be settled. `south` charges its clients."""
    world = World(settings, defaults=on())
    post([credit(1, world.salon)])
    world.use(1)
    world.ask("settle")
    return world


def test_a_balance_is_settled_to_zero_once_and_the_new_workspace_begins_with_that() -> None:
    world = with_money()
    move = world.accept("settle")
    assert (move.is_settled, move.settle_micros) == (True, -24_950_000)
    assert world.accept("settle") == move
    assert world.settlements() == [-24_950_000]
    assert world.balances()[1] == 0
    world.assert_sound()


def test_a_debt_is_settled_too() -> None:
    world = World()
    world.use(1, times=30)
    world.ask("settle")
    world.accept("settle")
    assert world.settlements() == [1_500_000]
    assert world.balances() == (-1_500_000, 0, 0)


def test_a_balance_that_is_kept_or_zero_is_not_posted() -> None:
    kept, empty = World(), World()
    post([credit(1, kept.salon)])
    kept.ask()
    kept.accept()
    empty.ask("settle")
    empty.accept("settle")
    assert (kept.settlements(), empty.settlements()) == ([], [])
    assert kept.balances()[1] == 25_000_000


@pytest.mark.parametrize("finish", ["repeat", "schedule"])
def test_wherever_accepting_ends_the_client_is_moved_and_settled_once(finish: str) -> None:
    first = with_money()
    for point in cut_points(lambda: first.accept("settle")):
        world = with_money()
        cut_off(lambda world=world: world.accept("settle"), point)  # type: ignore[misc]
        is_moved = world.client.workspace_id == world.south.id
        assert world.balances()[1] in ({0, 24_950_000} if is_moved else {24_950_000})
        if finish == "repeat" or not is_moved:
            world.accept("settle")
        with later(HOUR_MS):
            settle_due_moves()
            settle_due_moves()
        move = world.move
        assert move is not None
        assert move.is_settled
        assert world.client.workspace_id == world.south.id
        assert world.settlements() == [-24_950_000], point
        assert world.balances() == (-50_000, 0, 0)
        world.assert_sound()


def test_a_settlement_that_was_cut_off_is_posted_before_the_client_is_moved_on() -> None:
    first = with_money()
    points = cut_points(lambda: first.accept("settle"))
    world = with_money()
    at = next(at for at, _ in points if _is_moved_after(at))
    cut_off(lambda: world.accept("settle"), (at, "after"))
    assert world.settlements() == []
    world.ask("keep", to=world.north.id)
    assert world.settlements() == [-24_950_000]
    world.accept("keep", to=world.north.id)
    assert world.balances()[1] == 0


def _is_moved_after(at: int) -> bool:
    world = with_money()
    cut_off(lambda: world.accept("settle"), (at, "after"))
    return world.client.workspace_id == world.south.id


def test_a_move_that_cannot_be_settled_is_tried_again_and_hides_no_other(stack: Deployment) -> None:
    bad, good = with_money(), with_money()
    for world in (bad, good):
        cut_off(lambda world=world: world.accept("settle"), _before_settling())  # type: ignore[misc]
    row = ledger.WalletRow.get(bad.salon, consistent_read=True)
    ledger.WalletRow(bad.salon).update(actions=[ledger.WalletRow.head_hash.remove()])
    with later(HOUR_MS), pytest.raises(RunIncomplete):
        settle_due_moves()
    assert len(good.settlements()) == 1
    row.save()
    with later(2 * HOUR_MS):
        settle_due_moves()
    assert len(bad.settlements()) == 1


def _before_settling() -> Point:
    at = next(at for at in range(1, 100) if _is_moved_after(at))
    return at, "after"


@pytest.mark.parametrize("used_later", [1, 200])
def test_what_is_unused_of_an_allowance_ends_with_the_move_and_is_not_taken_twice(used_later: int) -> None:
    with clock.moved_to(MID_MONTH):
        world = with_money(replace(on(), allowances_micros=dated((0, FIVE))))
        assert world.balances()[1] == 25_000_000 + FIVE - 50_000
        world.accept("settle")
        assert (world.settlements(), world.balances()[1]) == ([-25_000_000], 0)
    with clock.moved_to(MID_MONTH + timedelta(days=1)):
        world.use(2, times=used_later)
    with clock.moved_to(MID_MONTH + timedelta(days=30)):
        end_due_allowances()
    assert world.balances()[1:] == (-50_000 * used_later, -50_000 * used_later)
    world.assert_sound()


def test_an_allowance_of_the_month_before_that_has_not_ended_yet_ends_too() -> None:
    with clock.moved_to(datetime(2026, 9, 30, 23, tzinfo=UTC)):
        world = with_money(replace(on(), allowances_micros=dated((0, FIVE))))
    with clock.moved_to(datetime(2026, 10, 1, 1, tzinfo=UTC)):
        world.accept("settle")
        assert world.balances()[1] == 0
    with clock.moved_to(datetime(2026, 10, 3, tzinfo=UTC)):
        end_due_allowances()
    assert world.balances()[1] == 0


def test_an_allowance_whose_credit_is_on_its_way_is_credited_and_ended() -> None:
    with clock.moved_to(MID_MONTH):
        world = World(replace(on(), allowances_micros=dated((0, FIVE))))
        allowances.open_new(Allowance(world.salon, "2026-09", FIVE, to_ms(MID_MONTH)))
        world.ask("settle")
        move = world.accept("settle")
        assert (move.settle_micros, move.is_settled) == (0, True)
        assert world.balances()[1] == 0


def test_wherever_accepting_ends_an_allowance_ends_once() -> None:
    def with_allowance() -> World:
        return with_money(replace(on(), allowances_micros=dated((0, FIVE))))

    with clock.moved_to(MID_MONTH):
        first = with_allowance()
        for point in cut_points(lambda: first.accept("settle")):
            world = with_allowance()
            cut_off(lambda world=world: world.accept("settle"), point)  # type: ignore[misc]
            world.accept("settle")
            assert (world.settlements(), world.balances()[1]) == ([-25_000_000], 0), point
