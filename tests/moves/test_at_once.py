"""Moves, answers and usage at the same time: one of them is applied, and no event is lost or charged twice."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.clock import iso, now_ms
from chalicelib.errors import Refusal
from chalicelib.ledger.post import post
from chalicelib.moves.refusals import MoveBlocked, MoveNotOpen
from chalicelib.pricing.rebilling import Rebilling
from tests.build import credit, event
from tests.moves.world import World, later
from tests.usage.agency import HALF_MORE, on, send
from tests.wire import Wire

pytestmark = pytest.mark.usefixtures("stack")


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Do everything at once; return what each came to, a refusal included."""

    def outcome(deed: Callable[[], object]) -> object:
        try:
            return deed()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(outcome, deeds))


def test_of_several_that_accept_at_once_one_moves_the_client_and_all_settle_once() -> None:
    world = World()
    post([credit(1, world.salon)])
    world.ask("settle")
    moves = at_once(*[lambda: world.accept("settle")] * 6)
    assert {type(each).__name__ for each in moves} == {"Move"}
    assert len(world.client.former_workspaces) == 1
    assert world.settlements() == [-25_000_000]
    world.assert_sound()


@pytest.mark.parametrize("before_call", range(1, 8))
def test_who_accepts_while_another_does_is_not_told_that_it_is_blocked(before_call: int) -> None:
    world, calls = World(), count(1)
    post([credit(1, world.salon)])
    world.ask("settle")

    def accept_meanwhile() -> None:
        if next(calls) == before_call:
            assert world.accept("settle").state == "accepted"

    with Wire(leaving=accept_meanwhile):
        assert world.accept("settle").state == "accepted"
    assert world.settlements() == [-25_000_000]
    world.assert_sound()


@pytest.mark.parametrize("number", range(4))
def test_a_request_that_is_withdrawn_or_declined_while_it_is_accepted_is_either(number: int) -> None:
    world = World()
    world.ask()
    other: Callable[[], object] = world.withdraw if number % 2 else world.decline
    accepted, ended = at_once(world.accept, other)
    assert [isinstance(each, MoveNotOpen) for each in (accepted, ended)].count(True) == 1
    is_moved = world.client.workspace_id == world.south.id
    assert is_moved == isinstance(ended, MoveNotOpen)
    move = world.move
    assert move is not None
    assert (move.state == "accepted") == is_moved


def test_a_client_that_is_suspended_while_it_is_accepted_is_not_both() -> None:
    for _ in range(4):
        world = World()
        world.ask()
        suspended = replace(world.client, standing="suspended")
        accepted, was_suspended = at_once(world.accept, partial(accounts.change, suspended))
        client = world.client
        assert (client.workspace_id == world.south.id) is not isinstance(accepted, MoveBlocked)
        assert (client.standing == "suspended") is was_suspended is isinstance(accepted, MoveBlocked)


@pytest.mark.parametrize("settings", [on(sms=HALF_MORE), Rebilling()])
def test_usage_in_flight_over_a_move_and_all_its_repeats_are_charged_once(settings: Rebilling) -> None:
    world = World(settings)
    world.ask()
    latest_ms = 14 * 60_000  # as far as a producer's clock may be ahead
    times = [now_ms() + (number - 30) * latest_ms // 30 for number in range(60)]
    sent = [event(world.salon, number, time=iso(time_ms)) for number, time_ms in enumerate(times)]
    deliveries = [sent[start::6] for start in range(6)] * 2
    outcomes = at_once(world.accept, *[_sender(bodies) for bodies in deliveries])
    assert outcomes[1:] == [[]] * len(deliveries)
    assert world.client.workspace_id == world.south.id
    # All of these are before the time from which on the new workspace is charged, whoever read what when.
    price = 75_000 if settings.switches else 0
    assert world.balances() == (-60 * 50_000, -60 * price, 0)
    with later(40 * 60_000):
        assert send(*sent, *sent) == []
        world.use(100)
    assert world.balances() == (-60 * 50_000, -60 * price, -50_000)
    world.assert_sound()


def _sender(bodies: Sequence[object]) -> Callable[[], list[str]]:
    return lambda: send(*bodies)
