"""The door to the table `moves`."""

import pytest
from msgspec.structs import replace

from chalicelib.moves import table
from chalicelib.moves.move import Move
from tests.build import TIME_MS, unique
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")

HOUR_MS = 60 * 60 * 1000


def asked(to: str = "south", hours: int = 1) -> Move:
    client = unique("salon")
    move = Move(client, "north", to, "keep", "jane", TIME_MS, TIME_MS + hours * HOUR_MS)
    assert table.write(move, over=None)
    return move


def test_a_move_with_everything_comes_back_as_it_was_written() -> None:
    written = filled(Move)
    assert table.write(written, over=None)
    assert table.find(written.account_id) == written
    assert table.find("nobody") is None


def test_a_move_is_written_over_what_was_read_or_not_at_all() -> None:
    move = asked()
    assert not table.write(move, over=None)
    declined = replace(move, state="declined", version=2)
    assert table.write(declined, over=move)
    assert not table.write(replace(move, state="withdrawn", version=2), over=move)
    assert table.find(move.account_id) == declined


def test_open_requests_are_found_by_the_workspace_that_is_asked_those_that_expire_first() -> None:
    to = unique("south")
    last, first, expired = asked(to, 3), asked(to, 2), asked(to, 1)
    answered = asked(to, 2)
    assert table.write(replace(answered, state="declined", version=2), over=answered)
    asked(unique("other"))
    assert table.incoming(to, TIME_MS + HOUR_MS, 10) == [first, last]
    assert table.incoming(to, TIME_MS, 2) == [expired, first]


def test_a_settlement_is_due_until_it_is_posted_and_one_function_posts_it() -> None:
    move = asked()
    moved = replace(move, state="accepted", answered_at_ms=TIME_MS, settle_micros=5, version=2)
    assert table.write(moved, over=move)
    due_at_ms = TIME_MS + table.SETTLE_AFTER_MS
    assert (move.account_id, due_at_ms) in set(table.due(due_at_ms, 100))
    assert table.claim(move.account_id, due_at_ms, again_at_ms=due_at_ms + 1)
    assert not table.claim(move.account_id, due_at_ms, again_at_ms=due_at_ms + 1)
    assert table.write(replace(moved, is_settled=True, version=3), over=moved)
    assert move.account_id not in {account_id for account_id, _ in table.due(due_at_ms + 1, 100)}
