"""What an operation takes, by its own declaration: a good value of each type, and the place of each field in it."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from msgspec import inspect

from chalicelib.web import Operation

Place = tuple[str | int, ...]
"""Where a field is: names of objects, and numbers in lists."""

PATH_NAME = re.compile(r"{(\w+)}")


def sample(type: Any) -> Any:
    """Return JSON that a type takes, with every field that there may be."""
    return _sample(inspect.type_info(type))


def _sample(type: inspect.Type) -> Any:
    made = MAKERS.get(type.__class__)
    return made(type) if made else "x"


def _described(type: inspect.Metadata) -> Any:
    examples = (type.extra_json_schema or {}).get("examples", [])
    return examples[0] if examples else _sample(type.type)


def _union(type: inspect.UnionType) -> Any:
    return _sample(next(each for each in type.types if not isinstance(each, inspect.NoneType)))


MAKERS: Final[dict[type, Callable[[Any], Any]]] = {
    inspect.Metadata: _described,
    inspect.UnionType: _union,
    inspect.CustomType: lambda text: text.cls.example,
    inspect.StructType: lambda struct: {each.encode_name: _sample(each.type) for each in struct.fields},
    inspect.ListType: lambda listed: [_sample(listed.item_type)],
    inspect.DictType: lambda named: {_sample(named.key_type): _sample(named.value_type)},
    inspect.LiteralType: lambda chosen: chosen.values[0],
    inspect.IntType: lambda number: number.ge or 1,
    inspect.BoolType: lambda _: True,
}
"""How a value of each kind of type is made; of the others it is a text."""


def places(value: Any, before: Place = ()) -> Iterator[Place]:
    """Yield the place of everything in a JSON value, the value itself included."""
    yield before
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*before, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*before, number))


def at(value: Any, place: Place) -> Any:
    """Return what is at a place."""
    for step in place:
        value = value[step]
    return value


def replaced(value: Any, place: Place, new: Any) -> Any:
    """Return a copy of a JSON value with something else at a place."""
    if not place:
        return new
    step, rest = place[0], place[1:]
    copy: Any = value.copy()
    copy[step] = replaced(copy[step], rest, new)
    return copy


def query_names(operation: Operation) -> tuple[str, ...]:
    """Return the names of an operation's query."""
    return operation.query.__struct_encode_fields__ if operation.query else ()


def path_names(operation: Operation) -> list[str]:
    """Return the names in an operation's path."""
    return PATH_NAME.findall(operation.path)
