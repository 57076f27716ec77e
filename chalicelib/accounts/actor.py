"""The names of those who did something, as they are stored (`Caller.actor_on`): whose people they are. Pure.

An account's own people have their names as they are; those of a client's workspace begin with `workspace:`, and the
platform's with `operator`. So a client is not shown who they are.
"""

from typing import Final, NewType

from chalicelib.system_names import WORKSPACE

ShownName = NewType("ShownName", str)
"""A name as somebody may see it, which only `viewer.py` makes: the type of each field that says who did something."""

OPERATOR: Final = "operator"


def is_of_platform(actor: str) -> bool:
    """Tell whether a person of the platform did it."""
    return actor.partition(":")[0] == OPERATOR


def is_of_workspace(actor: str) -> bool:
    """Tell whether a person of a client's workspace did it."""
    return actor.startswith(f"{WORKSPACE}:")


def is_from_above(actor: str) -> bool:
    """Tell whether a person of the platform or of the account's workspace did it."""
    return is_of_platform(actor) or is_of_workspace(actor)


def name_in_workspace(actor: str) -> str:
    """Return a name as the workspace itself knows it."""
    return actor.removeprefix(f"{WORKSPACE}:")
