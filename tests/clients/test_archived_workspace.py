"""A workspace is archived without clients alone, also when one is made at the same moment."""

from contextlib import suppress
from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import AccountArchived
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_standing import StandingRequest, WorkspaceHasClients, change_standing
from chalicelib.text import AccountId, Email, Line
from chalicelib.token import Caller
from tests.build import account, unique
from tests.wire import Wire, calls_of

pytestmark = pytest.mark.usefixtures("stack")


def _new_workspace() -> str:
    made = account(unique("north"))
    assert accounts.create(made)
    return made.account_id


def _archive(workspace_id: str) -> None:
    request = StandingRequest("archived", Line("closed"))
    with suppress(WorkspaceHasClients):
        change_standing(accounts.get(workspace_id), request, actor="jane", catalog=catalog())


def _make_client(workspace_id: str) -> None:
    about: dict[str, Any] = {"kind": "client", "name": Line("Salon"), "email": Email("a@salon.example")}
    request = AccountRequest(**about, currency="usd", workspace_id=AccountId(workspace_id))
    with suppress(AccountArchived):
        create_or_change(Caller("operator"), f"{workspace_id}.salon", request, catalog())


@pytest.mark.parametrize(("deed", "other"), [(_archive, _make_client), (_make_client, _archive)])
def test_a_workspace_is_archived_or_has_the_client(deed: Any, other: Any) -> None:
    """The other is done before each call of the one in turn, and after all of them."""
    outcomes = set()
    for place in range(1, calls_of(lambda: deed(_new_workspace())) + 2):
        workspace_id = _new_workspace()

        def meanwhile(place: int = place, workspace_id: str = workspace_id) -> None:
            if wire.calls == place - 1:
                wire.leaving = lambda: None
                other(workspace_id)

        with Wire() as wire:
            wire.leaving = meanwhile
            deed(workspace_id)
        is_archived = accounts.get(workspace_id).standing == "archived"
        assert is_archived is not accounts.has_clients(workspace_id)
        outcomes.add(is_archived)
    assert outcomes == {True, False}
