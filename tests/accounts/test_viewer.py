"""Whose names are shown to whom: of somebody who did something to an account, in every answer that says who did it."""

import re
from collections.abc import Mapping
from typing import Any, Final, get_args, get_type_hints

import msgspec
import pytest
from msgspec.structs import replace

from chalicelib import api
from chalicelib.accounts import table
from chalicelib.accounts.account import FormerWorkspace
from chalicelib.accounts.actor import ShownName
from chalicelib.catalog.catalog import catalog
from chalicelib.portal.session import Session
from chalicelib.token import Caller
from tests.accounts.viewers import viewer
from tests.build import account

NAMES_SOMEBODY: Final = re.compile(r"actor|\w+_by")
DATES: Final = frozenset({"evidence_due_by"})
MOVED_AT_MS: Final = 1_000

OLGA, JANE = Caller("operator", None, "olga"), Caller("owner", "north", "jane")
KIM, LEE = Caller("owner", "south", "kim"), Caller("owner", "south.bob", "lee")
PLATFORM: Final = str(catalog().seller.name)


@pytest.fixture(scope="module", autouse=True)
def accounts(memory: Mapping[str, str]) -> None:
    for workspace_id in ("north", "south"):
        table.create(replace(account(workspace_id), name=f"{workspace_id.title()} Agency"))
    former = (FormerWorkspace("north", MOVED_AT_MS, MOVED_AT_MS),)
    table.create(replace(account("south.bob", workspace_id="south"), former_workspaces=former))


@pytest.mark.parametrize(
    ("who", "before", "to", "name"),
    [
        (LEE, False, LEE, "lee"),
        (LEE, True, KIM, "lee"),
        (KIM, False, LEE, "South Agency"),
        (KIM, False, KIM, "kim"),
        (JANE, True, LEE, "North Agency"),
        (JANE, True, KIM, "North Agency"),
        (OLGA, False, LEE, "South Agency"),
        (OLGA, True, KIM, "North Agency"),
        (OLGA, False, KIM, PLATFORM),
        (OLGA, False, OLGA, "operator:olga"),
        (KIM, False, OLGA, "workspace:kim"),
        (Caller("operator"), False, LEE, "South Agency"),
        (Caller("operator"), False, KIM, PLATFORM),
        (Caller("owner", "south"), False, KIM, "owner:south"),
        (Caller("owner", "south"), False, LEE, "South Agency"),
    ],
)
def test_people_are_named_to_their_own_side_alone(who: Caller, before: bool, to: Caller, name: str) -> None:
    time_ms = MOVED_AT_MS - 1 if before else MOVED_AT_MS
    assert viewer("south.bob", to).name_of(who.actor_on("south.bob"), time_ms) == name


def test_a_workspace_does_not_see_who_of_the_platform_did_something_to_it() -> None:
    assert viewer("north", JANE).name_of(OLGA.actor_on("north"), 0) == PLATFORM
    assert viewer("north", JANE).name_of(JANE.actor_on("north"), 0) == "jane"


@pytest.mark.parametrize("name", ["workspace:jane", "operator", "operator:olga", " Workspace :jane"])
def test_nobody_passes_for_somebody_above(name: str) -> None:
    pretender = Caller("owner", "south.bob", name)
    assert viewer("south.bob", LEE).name_of(pretender.actor_on("south.bob"), MOVED_AT_MS) == f"owner:{name}"


def test_a_person_of_the_workspace_on_its_clients_pages_is_of_the_workspace() -> None:
    session = Session(
        session_id="s",
        account_id="south.bob",
        role="owner",
        subject="kim",
        return_url=None,
        locale=None,
        created_at_ms=0,
        expires_at_ms=0,
        guest_of="south",
    )
    for subject, shown in (("kim", "kim"), (None, "south")):
        actor = replace(session, subject=subject).caller.actor_on("south.bob")
        assert viewer("south.bob", LEE).name_of(actor, MOVED_AT_MS) == "South Agency"
        assert viewer("south.bob", KIM).name_of(actor, MOVED_AT_MS) == shown


def test_what_stripe_or_the_system_did_is_told_as_it_is_unless_it_is_the_workspaces() -> None:
    shown = viewer("south.bob", LEE)
    assert shown.name_of("renewal", MOVED_AT_MS) == "renewal"
    assert shown.name_of("stripe", MOVED_AT_MS, done_for_it=True) == "South Agency"


def test_every_answer_that_names_somebody_has_the_name_from_the_viewer() -> None:
    """So that mypy finds an answer with a name as it is stored."""
    found = {
        f"{struct.__name__}.{name}": hint
        for struct in structs_of_answers()
        for name, hint in get_type_hints(struct).items()
        if NAMES_SOMEBODY.fullmatch(name) and name not in DATES
    }
    assert {"PaymentView.actor", "TransactionView.actor", "StandingView.changed_by"} <= set(found)
    assert [name for name, hint in found.items() if ShownName not in {hint, *get_args(hint)}] == []


def structs_of_answers() -> set[type]:
    """Return all types in the answers of the API."""
    found: set[type] = set()
    asked: list[Any] = [each.gives for blueprint in api.BLUEPRINTS for each in blueprint.operations]
    while asked:
        hint = asked.pop()
        asked += get_args(hint)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint not in found:
            found.add(hint)
            asked += get_type_hints(hint).values()
    return found
