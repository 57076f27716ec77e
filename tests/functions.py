"""The functions by their names, called as Lambda calls them."""

from typing import Any

from local.bindings import entry_point, name_of
from local.resources import Overlay

ENTRY_POINTS = {name_of(each): each.handler for each in Overlay.read().functions.values() if each.event_source}


def call(name: str, event: Any) -> Any:
    """Call a function with an event and no context."""
    return entry_point(ENTRY_POINTS[name])(event, None)
