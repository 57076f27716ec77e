"""Compare objects with what Stripe publishes of them: the types of the `stripe` package's classes.

The classes are generated from Stripe's description of its API. They do not tell a field that is always there, and may
be null, from one that is left out: both are `Optional`. That comes from `presence.txt`.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, ClassVar, ForwardRef, Literal, Optional, TypeVar, Union, get_args, get_origin

from stripe._error_object import ErrorObject
from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._search_result_object import SearchResultObject
from stripe._stripe_object import StripeObject, UntypedStripeObject

PRESENCE = Path(__file__).with_name("presence.txt")
DELETED = {"id", "object", "deleted"}
"""What is left of an object that was deleted."""

HANDWRITTEN = {"url": str, "next_page": Optional[str]}  # noqa: UP045 - as the library's own types are
"""Of lists and search results, whose classes are not generated."""

Json = dict[str, Any]


def mismatches(body: Json, path: str = "") -> list[str]:
    """Return what an object, a list or the body of a refusal has that Stripe's does not, or lacks; each with a path."""
    if "error" in body:
        return list(_object(body["error"], ErrorObject, f"{path}error"))
    kind = str(body.get("object"))
    if kind not in OBJECT_CLASSES:
        return [f"{path or 'object'}: Stripe has no object {kind!r}"]
    return list(_object(body, class_of(kind), path or kind))


def class_of(kind: str) -> Any:
    """Return the class of a kind of object."""
    module, name = OBJECT_CLASSES[kind]
    found: Any = getattr(import_module(module), name)
    return found


@cache
def fields_of(owner: Any) -> dict[str, Any]:
    """Return the fields of a class with their types."""
    notes = {name: note for name, note in owner.__annotations__.items() if not name.startswith("_")}
    fields = {name: _resolved(note, owner) for name, note in notes.items() if get_origin(note) is not ClassVar}
    if owner in (ListObject, SearchResultObject):
        shared = {name: HANDWRITTEN[name] for name in HANDWRITTEN if name in {*fields, "url"}}
        return fields | shared | {"object": Literal[owner.OBJECT_NAME]}
    return fields


def _resolved(note: Any, owner: type) -> Any:
    """Return a type with its names replaced by what they stand for."""
    if isinstance(note, (str, ForwardRef)):
        source = note if isinstance(note, str) else note.__forward_arg__
        # The source is an annotation of the installed package.
        return _resolved(eval(source, dict(_names(owner.__module__))), owner)  # noqa: S307
    arguments = get_args(note)
    if not arguments or get_origin(note) is Literal:
        return note
    resolved = tuple(_resolved(argument, owner) for argument in arguments)
    return Union[resolved] if get_origin(note) is Union else get_origin(note)[resolved]  # noqa: UP007 - made at run time


@cache
def _names(module: str) -> dict[str, Any]:
    """Return the names of a module, with those that it imports for type checkers alone."""
    names = dict(vars(sys.modules[module]))
    for statement in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if (
            isinstance(statement, ast.ImportFrom)
            and str(statement.module).startswith("stripe")
            and ".params" not in str(statement.module)
        ):
            source = import_module(str(statement.module))
            names |= {each.asname or each.name: getattr(source, each.name, None) for each in statement.names}
    return names


@cache
def presence() -> dict[str, dict[str, str]]:
    """Return, by class, which optional fields are `always` there and may be null, and which are `absent` instead."""
    found: dict[str, dict[str, str]] = {}
    for row in PRESENCE.read_text().splitlines():
        if row and not row.startswith("#"):
            owner, word, *names = row.split()
            found.setdefault(owner, {}).update(dict.fromkeys(names, word))
    return found


def _object(body: Any, owner: Any, path: str, *, partial: bool = False) -> Iterator[str]:
    if not isinstance(body, dict):
        yield f"{path}: {body!r} is no object"
    elif body.get("deleted"):
        yield from (f"{path}.{name}: not left of what was deleted" for name in body.keys() - DELETED)
    else:
        yield from () if partial else _missing(body, owner, path)
        yield from _fields(body, owner, path, partial=partial)
        yield from _event_data(body, path) if owner.__qualname__ == "Event" else ()


def _missing(body: Json, owner: Any, path: str) -> Iterator[str]:
    known = presence().get(owner.__qualname__, {})
    for name, wanted in fields_of(owner).items():
        if name not in body and (not _is_optional(wanted) or known.get(name) == "always"):
            yield f"{path}.{name}: missing"


def _fields(body: Json, owner: Any, path: str, *, partial: bool) -> Iterator[str]:
    fields, known = fields_of(owner), presence().get(owner.__qualname__, {})
    for name, value in body.items():
        if name not in fields:
            yield f"{path}.{name}: Stripe has no such field"
        elif value is None and known.get(name) == "absent" and not partial:
            yield f"{path}.{name}: null, where Stripe leaves it out"
        else:
            yield from _value(value, fields[name], f"{path}.{name}", partial=partial)


def _event_data(event: Json, path: str) -> Iterator[str]:
    """Judge an event's object, and the values that its change replaced, each of which may have been null."""
    data = event["data"]
    yield from mismatches(data["object"], f"{path}.data.object[{data['object'].get('object')}]")
    if data.get("previous_attributes"):
        owner = class_of(data["object"]["object"])
        yield from _object(data["previous_attributes"], owner, f"{path}.data.previous_attributes", partial=True)


def _value(value: Any, wanted: Any, path: str, *, partial: bool = False) -> Iterator[str]:
    choices = [choice for choice in _choices(wanted) if _fits(value, choice)]
    if partial and value is None:
        return
    if not choices:
        yield f"{path}: {value!r} is none of {str(wanted)[:80]}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value(item, get_args(choices[0])[0], f"{path}[{index}]")
    elif isinstance(value, dict):
        yield from _mapping(value, choices, path, partial=partial)


def _mapping(value: Json, choices: list[Any], path: str, *, partial: bool) -> Iterator[str]:
    """Judge an object of a class, a list of objects, or a mapping of names to values."""
    choice, arguments = choices[0], get_args(choices[0])
    origin = get_origin(choice) or choice
    if origin in (UntypedStripeObject, dict):
        for name, item in value.items():
            yield from (
                _value(item, arguments[-1], f"{path}.{name}", partial=partial) if arguments[-1] is not Any else ()
            )
    elif origin in (ListObject, SearchResultObject) or str(value.get("object")) in OBJECT_CLASSES:
        yield from mismatches(value, path)
    else:
        yield from _object(value, origin, path, partial=partial)


def _choices(wanted: Any) -> tuple[Any, ...]:
    """Return the types that a value may have. Beside a list of values, `str` stands for those of later versions."""
    if get_origin(wanted) is not Union:
        return (wanted,)
    arguments = get_args(wanted)
    has_values = any(get_origin(argument) is Literal for argument in arguments)
    return tuple(argument for argument in arguments if not (has_values and argument is str))


def _is_optional(wanted: Any) -> bool:
    return NoneType in _choices(wanted)


def _fits(value: Any, choice: Any) -> bool:
    origin = get_origin(choice) or choice
    if origin is Literal:
        return value in get_args(choice)
    if origin is Any or isinstance(origin, TypeVar):  # what is in a list tells its kind
        return True
    if isinstance(value, dict):
        return origin is dict or (
            isinstance(origin, type) and issubclass(origin, StripeObject) and _is_of(value, origin)
        )
    if origin is float:
        return type(value) in (int, float)
    return type(value) is origin


def _is_of(value: Json, origin: Any) -> bool:
    """Tell whether an object may be of a class: classes of whole objects name their kind."""
    kind = getattr(origin, "OBJECT_NAME", None)
    return kind is None or "object" not in value or value["object"] == kind
