"""Encode columns of values as bytes and decode them, each with the codec that fits its values best. Pure.

A column can hold any values that JSON can: texts, integers of any size, None, lists, objects. It is stored as a
MessagePack array whose first element names the codec. The codec is chosen from the values alone, so a column needs no
schema, and stored columns stay readable if the choice changes later.

Lengths are checked against each other and against the number of values. A digit that was changed in place is read as
another digit; the page's hash detects that.
"""

import struct
import zlib
from collections.abc import Sequence
from itertools import accumulate
from itertools import count as count_from
from typing import Any, Final, Self

import msgspec

from chalicelib.ledger.codecs import (
    Codec,
    Cycle,
    Differences,
    Json,
    Leaf,
    Numbers,
    Plain,
    Template,
    fit_alike,
    fit_cycle,
    fit_leaf,
    identities,
)
from chalicelib.ledger.packing import UnreadableColumn, require
from chalicelib.typed import json_decoder, msgpack_decoder

__all__ = ["UnreadableColumn", "decode", "encode"]

SHORT: Final = 32
"""Up to this many values, the plain list is tried too: a codec's overhead may be more than it saves."""

SAMPLE: Final = 64
MOST_SHAPES: Final = 8


class Shapes(Codec, tag="s", frozen=True):
    """Values of a few shapes, such as None and links, or texts of two lengths: a column for each shape."""

    which: Leaf
    columns: list[Leaf]

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self | None:
        """Fit values of at most eight shapes, at least one of which packs better by itself."""
        if len({_shape(value) for value in values[:SAMPLE]}) > MOST_SHAPES:
            return None
        shapes = [_shape(value) for value in values]
        numbers = dict(zip(dict.fromkeys(shapes), count_from()))
        if not 1 < len(numbers) <= MOST_SHAPES:
            return None
        which = [numbers[shape] for shape in shapes]
        columns = [
            fit_leaf([value for value, chosen in zip(values, which, strict=True) if chosen == number])
            for number in range(len(numbers))
        ]
        return None if all(isinstance(column, Json) for column in columns) else cls(fit_leaf(which), columns)

    def values(self, count: int) -> list[Any]:
        """Take each value from its shape's column."""
        which = _read_integers(self.which, count)
        require(set(which) == set(range(len(self.columns))), "the shapes name columns that are not there")
        columns = [iter(column.values(which.count(number))) for number, column in enumerate(self.columns)]
        return [next(columns[number]) for number in which]


class Repeats(Codec, tag="r", frozen=True):
    """Repeated values: each distinct value once, in order of appearance, and a number for every value.

    0 is the next new value, 1 is the newest so far, and numbers from 2 on count from the first value. So receipts in
    which three parts share a new quantity give the same numbers each time, and these deflate to almost nothing.
    """

    distinct: Leaf | Shapes
    numbers: Leaf

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self | None:
        """Fit values of which at most half are distinct in a sample."""
        head = identities(values[:SAMPLE])
        if 2 * len(set(head)) > len(head):
            return None
        keys = identities(values)
        places = dict(zip(dict.fromkeys(keys), count_from()))
        distinct = list(places) if keys is values else [*map(json_decoder(Any).decode, places)]
        return cls(_fit_distinct(distinct), fit_leaf(_relative([places[key] for key in keys])))

    def values(self, count: int) -> list[Any]:
        """Look up each value."""
        numbers = _read_integers(self.numbers, count)
        distinct = self.distinct.values(numbers.count(0))
        require(numbers[0] == 0 and min(numbers) >= 0, "the numbers begin with no value")
        require(max(numbers) < len(distinct) + 2, "the numbers name values that are not there")
        newest = accumulate(number == 0 for number in numbers)
        return [
            distinct[number - 2] if number > 1 else distinct[seen - 1]
            for number, seen in zip(numbers, newest, strict=True)
        ]


def _relative(places: list[int]) -> list[int]:
    """Write places, numbered by first appearance, relative to the newest so far."""
    numbers = []
    newest = -1
    for place in places:
        if place > newest:
            newest = place
            numbers.append(0)
        else:
            numbers.append(1 if place == newest else place + 2)
    return numbers


def _read_integers(leaf: Leaf, count: int) -> list[int]:
    numbers = leaf.values(count)
    require(set(map(type, numbers)) == {int}, "a column of integers holds something else")
    return numbers


def _shape(value: Any) -> int | type:
    """Return what values of one column have in common: the length of a text, else the type."""
    return len(value) if type(value) is str else type(value)


Column = Plain | Cycle | Json | Template | Numbers | Differences | Repeats | Shapes

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgpack_decoder(Column)


def encode(values: Sequence[Any]) -> bytes:
    """Store a column."""
    try:
        stored = _encoder.encode(_fit(values))
        if len(values) > SHORT:
            return stored
        return min(stored, _encoder.encode(Plain(list(values))), key=len)
    except OverflowError:  # an integer beyond 64 bits, which MessagePack cannot hold
        return _encoder.encode(Json.of(values))


def decode(stored: bytes | msgspec.Raw, count: int) -> list[Any]:
    """Read a column of `count` values back. Raises UnreadableColumn."""
    try:
        column: Column = _decoder.decode(stored)
        return column.values(count)
    except (ValueError, ArithmeticError, LookupError, RecursionError, struct.error, zlib.error) as problem:
        raise UnreadableColumn(str(problem)) from problem


def _fit(values: Sequence[Any]) -> Column:
    """Choose the codec."""
    if len(values) <= SHORT:
        return fit_leaf(values)
    return fit_cycle(values) or Repeats.of(values) or _fit_distinct(values)


def _fit_distinct(values: Sequence[Any]) -> Leaf | Shapes:
    """Choose the codec for values that do not repeat."""
    if len(values) <= SHORT:
        return fit_leaf(values)
    return fit_alike(values) or Shapes.of(values) or Json.of(values)
