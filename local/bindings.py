"""The functions and their event sources, as the template defines them: the entry points, and what calls them."""

import importlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalice.local import LambdaContext

from local.resources import Function

KINDS = ("Queue", "Stream", "Schedule")
MEMORY_MEGABYTES = 1024


class NotBound(Exception):
    """The template has no function of this name, or gives it no event source that is run here."""


@dataclass(frozen=True)
class Binding:
    """A handler, and the properties of its event source."""

    name: str
    kind: str
    handler: Callable[[Any, Any], Any]
    timeout_seconds: int
    properties: Mapping[str, Any]

    def call(self, event: Any) -> Any:
        """Call the handler as Lambda does. Exceptions of the handler propagate."""
        return self.handler(event, LambdaContext(self.name, MEMORY_MEGABYTES, self.timeout_seconds * 1000))

    def number(self, name: str, default: int) -> int:
        """Return a property that is a number; parameters of a template come as text."""
        return int(self.properties.get(name, default))

    def reports_item_failures(self) -> bool:
        """Tell whether Lambda would evaluate the handler's `batchItemFailures`."""
        return "ReportBatchItemFailures" in self.properties.get("FunctionResponseTypes", ())


def bindings(functions: Mapping[str, Function], names: Collection[str] = ()) -> list[Binding]:
    """Return the bindings of all functions but the API's, or of those with these names. Raises NotBound."""
    bound = {name_of(each): each for each in functions.values() if each.event_source}
    missing = set(names) - bound.keys()
    if missing:
        raise NotBound(f"there is no function called {', '.join(sorted(missing))}")
    return [each for name, function in bound.items() if not names or name in names for each in bindings_of(function)]


def bindings_of(function: Function) -> list[Binding]:
    """Return a function's entry point with each of its sources; the second is called `<name>_2`. Raises NotBound."""
    first, *more = function.event_sources
    found = binding(function, first)
    return [found, *(replace(binding(function, each), name=f"{found.name}_{n}") for n, each in enumerate(more, 2))]


def binding(function: Function, source: Mapping[str, Any]) -> Binding:
    """Return a function's entry point with a source. Raises NotBound."""
    kind = next((kind for kind in KINDS if kind in source), None)
    if kind is None:
        raise NotBound(f"infrastructure/resources.json does not say what calls {function.handler}")
    return Binding(name_of(function), kind, entry_point(function.handler), function.timeout_seconds, source)


def entry_point(handler: str) -> Callable[[Any, Any], Any]:
    """Import what Lambda calls: `chalicelib.usage.handlers.record_usage`."""
    module, _, name = handler.rpartition(".")
    found: Callable[[Any, Any], Any] = getattr(importlib.import_module(module), name)
    return found


def name_of(function: Function) -> str:
    """Return a function's name: that of its entry point."""
    return function.handler.rpartition(".")[2]
