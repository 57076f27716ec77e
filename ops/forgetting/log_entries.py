"""Which values of an account's log are about people, and what is left of an entry without them. Pure."""

from typing import Final

from msgspec.structs import replace

from chalicelib.activity.entry import Entry, FieldChange
from chalicelib.system_names import NAMES_OF_THE_SYSTEM

ABOUT_PEOPLE: Final = frozenset({"account", "invitation", "notices", "budgets"})
"""Kinds of entries whose values are contact data, or names that people have given."""

KEPT_FIELDS: Final = frozenset({"standing", "forgotten"})
"""Fields of these kinds whose values say nothing about people."""

SOMEBODY: Final = "owner"
"""In place of the name of one of the account's own people: what their role says of them."""


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
