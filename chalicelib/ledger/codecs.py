"""Column codecs: each is one way to store a column's values. Pure.

A codec is a struct with a short tag whose meaning never changes. `of` stores values, or returns None if the codec does
not fit them; `values` returns the values, or raises UnreadableColumn.
"""

from collections.abc import Sequence
from itertools import accumulate
from operator import sub
from typing import Any, Final, Self

import msgspec

from chalicelib.ledger.packing import (
    deflate,
    deflate_runs,
    inflate,
    pack_hex,
    pack_planes,
    require,
    unpack_hex,
    unpack_planes,
)
from chalicelib.typed import json_decoder

LONGEST_CYCLE: Final = 8
SAMPLE: Final = 128
FEWEST: Final = 8
"""Fewer values are stored as they are."""

JSON_LEVEL: Final = 3
LOWEST_INTEGER: Final = -(2**62)
HIGHEST_INTEGER: Final = 2**62
"""Beyond these limits a difference may need more than 64 bits, so the column is stored as JSON."""

SEPARATOR: Final = b"\0"
DIGIT: Final = b"\0"
DEFLATED: Final = b"\1"


_json_list: Final = json_decoder(list[Any])


class Codec(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A stored column: an array of the codec's tag and its fields.

    Each codec's `values(count)` returns the column's `count` values, or raises UnreadableColumn.
    """


class Plain(Codec, tag="p", frozen=True):
    """The values as they are: for the shortest columns."""

    stored: list[Any]

    def values(self, count: int) -> list[Any]:
        """Return the stored values."""
        require(len(self.stored) == count, "the column has another length")
        return self.stored


class Cycle(Codec, tag="c", frozen=True):
    """The first values, repeated to the end. One value is a constant; four come from receipts of four similar parts."""

    first: list[Any]

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self | None:
        """Fit values that repeat with a period of at most eight."""
        head = values[: 2 * LONGEST_CYCLE]
        for period in range(1, min(LONGEST_CYCLE, len(values) // 2) + 1):
            if head[period:] == head[:-period] and values[period:] == values[:-period]:
                keys = identities(values)
                return cls(list(values[:period])) if keys[period:] == keys[:-period] else None
        return None

    def values(self, count: int) -> list[Any]:
        """Repeat the first values up to `count`."""
        require(0 < len(self.first) <= count, "the cycle has another length")
        times, rest = divmod(count, len(self.first))
        return self.first * times + self.first[:rest]


class Json(Codec, tag="j", frozen=True):
    """Deflated JSON, for values that no other codec fits."""

    size: int
    deflated: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self:
        """Fit any values."""
        plain = msgspec.json.encode(values)
        return cls(len(plain), deflate(plain, JSON_LEVEL))

    def values(self, count: int) -> list[Any]:
        """Inflate and parse."""
        values = _json_list.decode(inflate(self.deflated, self.size))
        require(len(values) == count, "the column has another length")
        return values


class Template(Codec, tag="t", frozen=True):
    """Texts of one length: the characters that all share are stored once, the others position by position.

    In `pattern`, byte 0 marks a packed digit and byte 1 a deflated character. Hexadecimal digits are packed, two to a
    byte. Positions with few different characters (the variant of a UUID, the time that an id begins with), decimal
    digits (at 3.4 bits each, where 3.32 is the minimum) and other letters are deflated.
    """

    pattern: bytes
    digits: bytes
    deflated: bytes

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self | None:
        """Fit texts of one length that differ only in letters and digits."""
        columns = _positions(texts)
        digits, others = _sort_positions(columns, len(texts))
        packed = pack_hex(b"".join(columns[at] for at in digits))
        if packed is None:
            digits, others, packed = [], sorted(digits + others), b""
        rest = b"".join(columns[at] for at in others)
        pattern = bytearray(column[0] for column in columns)
        if not (digits or rest) or not (rest or b"0").isalnum() or DIGIT in pattern or DEFLATED in pattern:
            return None
        for at in digits:
            pattern[at] = DIGIT[0]
        for at in others:
            pattern[at] = DEFLATED[0]
        return cls(bytes(pattern), packed, deflate_runs(rest) if rest else b"")

    def values(self, count: int) -> list[Any]:
        """Fill the pattern's positions, in all texts at once."""
        joined = bytearray(self.pattern + SEPARATOR) * count
        self._fill(joined, DIGIT, unpack_hex(self.digits, count * self.pattern.count(DIGIT)), count)
        if DEFLATED in self.pattern:
            self._fill(joined, DEFLATED, inflate(self.deflated, count * self.pattern.count(DEFLATED)), count)
        texts = joined[:-1].decode().split("\0")
        require(len(texts) == count, "the column has another length")
        return texts

    def _fill(self, joined: bytearray, wildcard: bytes, characters: bytes, count: int) -> None:
        step = len(self.pattern) + 1
        positions = [at for at, each in enumerate(self.pattern) if each == wildcard[0]]
        for at, start in zip(positions, range(0, len(characters), count), strict=True):
            joined[at::step] = characters[start : start + count]


def _positions(texts: Sequence[str]) -> list[bytes]:
    """Split texts of one length into the characters at each position; return [] for texts of several lengths."""
    joined = "\0".join(("", *texts)).encode()
    step, uneven = divmod(len(joined), len(texts))
    if uneven or joined[::step] != SEPARATOR * len(texts):
        return []
    return [joined[at::step] for at in range(1, step)]


def _sort_positions(columns: Sequence[bytes], count: int) -> tuple[list[int], list[int]]:
    """Return the positions at which characters vary widely, and those at which they vary little.

    In a sample of hexadecimal digits, one in sixteen equals the first; the limit here is one in eight, plus three.
    """
    size = min(count, SAMPLE)
    wide, little = [], []
    for at, column in enumerate(columns):
        alike = column.count(column[0], 0, size)
        if alike < size // 8 + 3:
            wide.append(at)
        elif alike < size or column.count(column[0]) < count:
            little.append(at)
    return wide, little


class Numbers(Codec, tag="n", frozen=True):
    """Integers as offsets from the lowest."""

    lowest: int
    planes: list[bytes]

    @classmethod
    def of(cls, numbers: Sequence[int], lowest: int, highest: int) -> Self:
        """Fit numbers whose spread is below 2**64."""
        return cls(lowest, pack_planes(_shift(numbers, -lowest), highest - lowest))

    def values(self, count: int) -> list[Any]:
        """Add the lowest to the offsets."""
        return list(_shift(unpack_planes(self.planes, count), self.lowest))


class Differences(Codec, tag="d", frozen=True):
    """Integers as differences from the previous one, above the lowest difference: for times and balances."""

    first: int
    lowest: int
    planes: list[bytes]

    @classmethod
    def of(cls, first: int, differences: Sequence[int], lowest: int, highest: int) -> Self:
        """Fit differences whose spread is below 2**64."""
        return cls(first, lowest, pack_planes(_shift(differences, -lowest), highest - lowest))

    def values(self, count: int) -> list[Any]:
        """Add up the differences."""
        require(count > 0, "the column has another length")
        differences = _shift(unpack_planes(self.planes, count - 1), self.lowest)
        return list(accumulate(differences, initial=self.first))


def _shift(numbers: Sequence[int], by: int) -> Sequence[int]:
    return [number + by for number in numbers] if by else numbers


Leaf = Plain | Cycle | Json | Template | Numbers | Differences


def fit_integers(numbers: Sequence[int]) -> Numbers | Differences | None:
    """Store integers as values or as differences, whichever have the smaller range."""
    rising = sorted(numbers) == numbers
    lowest, highest = (numbers[0], numbers[-1]) if rising else (min(numbers), max(numbers))
    if lowest < LOWEST_INTEGER or highest > HIGHEST_INTEGER:
        return None
    differences = list(map(sub, numbers[1:], numbers))
    smallest, largest = 0 if rising else min(differences), max(differences)
    if largest - smallest < highest - lowest:
        return Differences.of(numbers[0], differences, smallest, largest)
    return Numbers.of(numbers, lowest, highest)


def fit_leaf(values: Sequence[Any]) -> Leaf:
    """Store values with one codec that fits all of them."""
    return fit_cycle(values) or fit_alike(values) or Json.of(values)


def fit_cycle(values: Sequence[Any]) -> Plain | Cycle | None:
    """Store values that repeat in a fixed order, or are very few."""
    return Cycle.of(values) or (Plain(list(values)) if len(values) < FEWEST else None)


def fit_alike(values: Sequence[Any]) -> Template | Numbers | Differences | None:
    """Store texts of one length, or integers."""
    if type(values[0]) is str and _are(list[str], values):
        return Template.of(values)
    if type(values[0]) is int and _are(list[int], values):
        return fit_integers(values)
    return None


def identities(values: Sequence[Any]) -> Sequence[Any]:
    """Return hashable keys that are equal only where the values are the same: 1 equals True, but is not the same."""
    return values if _are(list[str | int | None], values) else [msgspec.json.encode(value) for value in values]


def _are(kind: Any, values: Sequence[Any]) -> bool:
    """Tell whether all values are of a type. msgspec checks them faster than a loop does."""
    try:
        msgspec.convert(values, kind)  # noqa: TID251 - no type of ours
    except msgspec.ValidationError:
        return False
    return True
