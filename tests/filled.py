"""Values with every field set, so that tests find a door that omits a field, also a field that is added later."""

from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from chalicelib.typed import convert

STRANGE = 'Größe, 株式会社 "アクメ" שלום 👩\u200d🌾 \\ / # % \t\n'
"""Texts that users may write: other scripts, an emoji of several characters, quotes, what keys are built with."""

T = TypeVar("T", bound=msgspec.Struct)
_numbers = count(1)


def filled(kind: type[T], **given: Any) -> T:
    """Return a value with every field set: to the given value, or else to one that its type allows.

    Texts contain STRANGE, and no two numbers or texts are the same.
    """
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    missing = (field for field in described.fields if field.name not in given)
    return convert({**given, **{field.name: _value(field.type) for field in missing}}, kind)


def _value(kind: inspect.Type) -> Any:
    if isinstance(kind, inspect.UnionType):
        return _value(next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
    if isinstance(kind, inspect.LiteralType):
        return kind.values[-1]
    if isinstance(kind, inspect.StructType):
        return filled(kind.cls)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return [_value(kind.item_type), _value(kind.item_type)]
    if isinstance(kind, inspect.DictType):
        return {_value(kind.key_type): _value(kind.value_type)}
    return _SIMPLE[type(kind)]()


_SIMPLE: dict[type[inspect.Type], Callable[[], Any]] = {
    inspect.BoolType: lambda: True,
    inspect.IntType: lambda: next(_numbers),
    inspect.StrType: lambda: f"{STRANGE} {next(_numbers)}",
}
