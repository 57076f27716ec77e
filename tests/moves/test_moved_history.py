"""What a workspace still sees of a client that was moved away: its own time, and nothing that came after it."""

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.portal.pairs import show_pairs
from chalicelib.portal.words import Words
from tests.moves.world import World

pytestmark = pytest.mark.usefixtures("stack")


def test_its_history_names_the_client_as_it_was_called_then_and_leads_to_no_page_of_it() -> None:
    world = World()
    world.use(1)
    (before,) = show_pairs(Words("en"), world.north.history(world.north.id)).values()
    assert (before.client, before.is_former) == ("Acme", False)
    world.ask()
    world.accept()
    assert accounts.change(replace(world.client, name="A name of south's"))
    (after,) = show_pairs(Words("en"), world.north.history(world.north.id)).values()
    assert (after.client, after.is_former) == ("Acme", True)
    assert after.brief == "Acme paid $0.05, you keep nothing"
