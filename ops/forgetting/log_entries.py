"""Which values of logs are about an account's people, and what is left of an entry without them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from chalicelib.accounts.account import FormerWorkspace
from chalicelib.accounts.actor import is_of_workspace
from chalicelib.activity.entry import Entry, FieldChange
from chalicelib.system_names import NAMES_OF_THE_SYSTEM, WORKSPACE

ABOUT_PEOPLE: Final = frozenset({"account", "invitation", "notices", "budgets"})
"""Kinds of entries whose values are contact data, or names that people have given."""

KEPT_FIELDS: Final = frozenset({"standing", "forgotten"})
"""Fields of these kinds whose values say nothing about people."""

SOMEBODY: Final = "owner"
"""In place of the name of one of the account's own people: what their role says of them."""

SOMEBODY_OF_WORKSPACE: Final = f"{WORKSPACE}:{SOMEBODY}"
"""The same, where one of a workspace's people acted on its client."""

Period = tuple[int, int | None]
"""From when until when, in milliseconds; None if it has not ended."""


def without_people(entry: Entry) -> Entry:
    """Return an entry without names, addresses and e-mails: what was changed and when stays."""
    changes = entry.changes
    if entry.kind in ABOUT_PEOPLE:
        changes = tuple(each if each.field in KEPT_FIELDS else FieldChange(each.field) for each in changes)
    actor = entry.actor if entry.actor is None or is_of_the_system(entry.actor) else SOMEBODY
    return replace(entry, changes=changes, actor=actor)


def is_of_the_system(actor: str) -> bool:
    """Tell whether an actor is no person of the account's own: the system, the platform's staff, its workspace."""
    return actor.partition(":")[0] in NAMES_OF_THE_SYSTEM - {"owner", "viewer"} or actor == SOMEBODY


def without_own_people(entry: Entry) -> Entry:
    """Return an entry of an account's own log without its people, also where they acted on its client."""
    left = without_people(entry)
    return without_workspace_people(left) if left.client_id else left


def without_workspace_people(entry: Entry) -> Entry:
    """Return an entry of what was done to a client without the name of the person of its workspace who did it."""
    return replace(entry, actor=SOMEBODY_OF_WORKSPACE) if is_of_workspace(entry.actor or "") else entry


def periods_under(workspace_id: str, current_id: str | None, former: Sequence[FormerWorkspace]) -> Iterator[Period]:
    """Yield the periods in which a client belonged to a workspace, by its current and its former ones."""
    begin_ms = 0
    for each in sorted(former, key=lambda each: each.moved_at_ms):
        if each.workspace_id == workspace_id:
            yield begin_ms, each.moved_at_ms
        begin_ms = each.moved_at_ms
    if current_id == workspace_id:
        yield begin_ms, None


def is_within(at_ms: int, periods: Iterable[Period]) -> bool:
    """Tell whether a moment is in one of the periods; their ends are not."""
    return any(begin_ms <= at_ms and (end_ms is None or at_ms < end_ms) for begin_ms, end_ms in periods)
