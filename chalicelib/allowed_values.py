"""The values that a type allows at a place where a value broke its rules. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import inspect

STEP: Final = re.compile(r"\.(?P<field>[^.\[]+)|\[[^\]]*\]")
"""A step into a value, as msgspec writes it: a field, or an item of a list (`[0]`) or of an object (`[...]`)."""


def allowed_values(type: Any, place: str) -> list[Any]:
    """Return the few values that a type allows at a place such as `$.items[0].kind`; empty if it is no such choice."""
    found = [inspect.type_info(type)]
    for step in STEP.finditer(place):
        found = [inner for each in _alternatives(found) for inner in _inside(each, step["field"])]
    return [value for each in _alternatives(found) if isinstance(each, inspect.LiteralType) for value in each.values]


def _alternatives(types: Iterable[inspect.Type]) -> Iterator[inspect.Type]:
    for each in types:
        if isinstance(each, inspect.UnionType):
            yield from _alternatives(each.types)
        elif isinstance(each, inspect.Metadata):
            yield from _alternatives([each.type])
        else:
            yield each


def _inside(type: inspect.Type, field: str | None) -> Iterator[inspect.Type]:
    if isinstance(type, inspect.StructType) and field is not None:
        yield from (each.type for each in type.fields if each.encode_name == field)
    elif isinstance(type, inspect.CollectionType):
        yield type.item_type
    elif isinstance(type, inspect.DictType):
        yield type.value_type
