"""The door to the table `connections`."""

import pytest
from msgspec.structs import replace

from chalicelib.connection import table
from chalicelib.connection.connection import Connection, disconnected
from chalicelib.connection.state import new_state
from tests.build import unique
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")


def active() -> Connection:
    return filled(Connection, workspace_id=unique("workspace"), state="active", version=0)


def written(connection: Connection, over: Connection) -> Connection:
    assert table.write(connection, over=over)
    return table.find(connection.workspace_id)


def test_a_connection_with_everything_comes_back_as_it_was_written() -> None:
    connection = active()
    assert written(connection, Connection(workspace_id=connection.workspace_id)) == replace(connection, version=1)
    assert table.find_workspace(connection.stripe_account_id or "") == connection.workspace_id


def test_a_workspace_without_one_has_none() -> None:
    assert table.find("nobody") == Connection(workspace_id="nobody")
    assert table.find_workspace("acct_nobody") is None


def test_a_stripe_account_belongs_to_one_workspace_until_it_is_released() -> None:
    first, second = active(), active()
    taken = replace(second, stripe_account_id=first.stripe_account_id)
    nothing = Connection(workspace_id=second.workspace_id)
    mine = written(first, Connection(workspace_id=first.workspace_id))
    assert not table.write(taken, over=nothing)
    assert table.find(second.workspace_id) == nothing
    ended = written(disconnected(mine, by="ann", access_revoked=True, now_ms=1), mine)
    assert table.find_workspace(first.stripe_account_id or "") is None
    assert ended.stripe_account_id == first.stripe_account_id
    assert written(taken, nothing).is_connected


def test_another_account_releases_the_one_before() -> None:
    first = active()
    mine = written(first, Connection(workspace_id=first.workspace_id))
    other = written(replace(mine, stripe_account_id="acct_other"), mine)
    assert table.find_workspace("acct_other") == other.workspace_id
    assert table.find_workspace(first.stripe_account_id or "") is None


def test_a_change_of_what_was_read_before_another_writer_is_not_written() -> None:
    first = active()
    mine = written(first, Connection(workspace_id=first.workspace_id))
    assert table.write(mine, over=mine)
    assert not table.write(disconnected(mine, by="ann", access_revoked=True, now_ms=1), over=mine)
    assert table.find_workspace(first.stripe_account_id or "") == first.workspace_id


def test_a_state_is_used_once() -> None:
    state = new_state("oauth", workspace_id="acme", account_id=None, actor="ann")
    assert table.use_state(state)
    assert not table.use_state(state)
