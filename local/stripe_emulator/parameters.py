"""The parameters that each call accepts, read from the `stripe` package's own parameter types.

Types like `stripe.params.PaymentIntentCreateParams` are generated from Stripe's OpenAPI description; a parameter that
is not in them is one that Stripe does not have. Their `Literal[...] | str` unions are read as lists of the values that
Stripe accepts.
"""

from __future__ import annotations

import sys
import types
import typing
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ForwardRef, Literal, NotRequired, Required, Union, get_args, get_origin

import stripe.params
from stripe._request_options import RequestOptions  # what the library adds to every type; none of it is sent

OPTIONS = frozenset(RequestOptions.__annotations__)


@dataclass(frozen=True)
class Shape:
    """The types that one parameter may have, one or several: a number or a range, an object or the empty string."""

    text: bool = False
    integer: bool = False
    number: bool = False
    boolean: bool = False
    choices: tuple[str, ...] = ()
    items: Shape | None = None
    values: Shape | None = None
    fields: dict[str, Field] | None = None

    def merge(self, other: Shape) -> Shape:
        """Return the shape that allows what either allows."""
        return Shape(
            text=self.text or other.text,
            integer=self.integer or other.integer,
            number=self.number or other.number,
            boolean=self.boolean or other.boolean,
            choices=self.choices + other.choices,
            items=self.items or other.items,
            values=self.values or other.values,
            fields=self.fields or other.fields,
        )


@dataclass(frozen=True)
class Field:
    """One named parameter of an object."""

    shape: Shape = field(default_factory=Shape)
    required: bool = False


@cache
def fields_of(type_name: str) -> dict[str, Field]:
    """Return the parameters of one call, by the name of its type in `stripe.params`."""
    return _fields(getattr(stripe.params, type_name))


def _fields(params: type) -> dict[str, Field]:
    names = sys.modules[params.__module__].__dict__
    annotations = {name: note for name, note in params.__annotations__.items() if name not in OPTIONS}
    return {name: _field(note, names) for name, note in annotations.items()}


def _field(note: Any, names: dict[str, Any]) -> Field:
    note = _resolved(note, names)
    if get_origin(note) is NotRequired:
        return Field(_shape(get_args(note)[0], names))
    if get_origin(note) is Required:
        note = get_args(note)[0]
    return Field(_shape(note, names), required=True)


def _resolved(note: Any, names: dict[str, Any]) -> Any:
    source = note.__forward_arg__ if isinstance(note, ForwardRef) else note
    # The source is an annotation inside the installed stripe package, not anything that a caller sent.
    return eval(source, vars(typing) | names) if isinstance(source, str) else note  # noqa: S307


def _shape(note: Any, names: dict[str, Any]) -> Shape:
    note = _resolved(note, names)
    origin, arguments = get_origin(note), get_args(note)
    if origin in (Union, types.UnionType):
        return _union(arguments, names)
    if origin is Literal:
        return Shape(choices=tuple(str(choice) for choice in arguments))
    if origin is list:
        return Shape(items=_shape(arguments[0], names))
    if origin is dict:
        return Shape(values=_shape(arguments[1], names))
    return _plain(origin or note)


def _union(arguments: tuple[Any, ...], names: dict[str, Any]) -> Shape:
    shape = Shape()
    for argument in arguments:
        shape = shape.merge(_shape(argument, names))
    return shape


@cache
def _plain(note: Any) -> Shape:
    if hasattr(note, "__required_keys__"):
        return Shape(fields=_fields(note))
    simple = {str: Shape(text=True), int: Shape(integer=True), float: Shape(number=True), bool: Shape(boolean=True)}
    return simple.get(note, Shape())
