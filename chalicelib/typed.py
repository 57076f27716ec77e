"""Values of declared types: every reader of msgspec's is made here, by one thread at a time. Pure.

msgspec keeps what it finds out about a Struct on the class, and puts it there before it is complete. Two threads that
are the first to read a type at the same time crash the process: no exception, no log. What comes from here is complete.
"""

from functools import cache
from threading import Lock
from typing import Any, Final, TypeVar, overload

import msgspec

T = TypeVar("T")

_one_at_a_time: Final = Lock()


@overload
def json_decoder(type: type[T]) -> msgspec.json.Decoder[T]: ...


@overload
def json_decoder(type: Any) -> msgspec.json.Decoder[Any]: ...


def json_decoder(type: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of JSON that says a value of a type."""
    return _json_decoder(type)


def msgpack_decoder(type: Any) -> msgspec.msgpack.Decoder[Any]:
    """Return a decoder of MessagePack that says a value of a type."""
    with _one_at_a_time:
        return msgspec.msgpack.Decoder(type)


@overload
def convert(value: Any, type: type[T], *, strict: bool = True) -> T: ...


@overload
def convert(value: Any, type: Any, *, strict: bool = True) -> Any: ...


def convert(value: Any, type: Any, *, strict: bool = True) -> Any:
    """Read a value of plain types as one of a type. Raises msgspec.ValidationError."""
    _json_decoder(type)  # msgspec has found out about the type when this returns
    return msgspec.convert(value, type, strict=strict)


@cache
def _json_decoder(type: Any) -> msgspec.json.Decoder[Any]:
    with _one_at_a_time:
        return msgspec.json.Decoder(type)
