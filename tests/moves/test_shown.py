"""A person answers, withdraws or replaces the request that was shown, and no other one."""

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.moves.answer_move import decline_move
from chalicelib.moves.list_incoming import find_incoming
from chalicelib.moves.refusals import MoveChanged, MoveNotFound
from chalicelib.moves.request_move import MoveRequest, request_move, withdraw_move
from chalicelib.text import AccountId
from tests.moves.world import World

pytestmark = pytest.mark.usefixtures("stack")


def test_a_request_that_was_not_shown_is_not_replaced_withdrawn_or_declined() -> None:
    world = World()
    shown = world.ask("keep")
    newer = world.ask("settle")
    for version in (0, shown.version):
        with pytest.raises(MoveChanged):
            request_move(world.client, MoveRequest(AccountId("east"), "keep"), actor="ann", version=version)
    with pytest.raises(MoveChanged):
        withdraw_move(world.client, actor="ann", version=shown.version)
    with pytest.raises(MoveChanged):
        decline_move(accounts.get(world.south.id), world.salon, actor="kim", version=shown.version)
    assert world.move == newer


def test_with_the_version_that_was_shown_and_for_the_same_again_all_of_it_is_done() -> None:
    world = World()
    same = MoveRequest(AccountId(world.south.id), "keep")
    first = request_move(world.client, same, actor="jane", version=0)
    assert request_move(world.client, same, actor="ann", version=0) == first
    for _ in range(2):
        assert withdraw_move(world.client, actor="jane", version=first.version).state == "withdrawn"
    again = request_move(world.client, same, actor="jane", version=0)
    for _ in range(2):
        declined = decline_move(accounts.get(world.south.id), world.salon, actor="kim", version=again.version)
        assert declined.state == "declined"


def test_one_request_is_found_by_the_workspace_that_is_asked_alone() -> None:
    world = World()
    move = world.ask("settle")
    found = find_incoming(accounts.get(world.south.id), world.salon)
    assert (found.move, found.client, found.obstacles) == (move, world.client, [])
    for workspace_id in (world.north.id, world.salon):
        with pytest.raises(MoveNotFound):
            find_incoming(accounts.get(workspace_id), world.salon)
