"""Read values of declared types. Every msgspec decoder is made here, by one thread at a time. Pure.

msgspec (0.22) stores its information about a Struct on the class before it is complete: if two threads decode a type
for the first time at the same time, the process crashes without an exception or a log line. A decoder from here is
complete.
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
    """Return the decoder of a type from JSON."""
    return _json_decoder(type)


def msgpack_decoder(type: Any) -> msgspec.msgpack.Decoder[Any]:
    """Return a decoder of a type from MessagePack."""
    with _one_at_a_time:
        return msgspec.msgpack.Decoder(type, dec_hook=_read)


def read_toml(toml: str | bytes, type: type[T]) -> T:
    """Read TOML as a value of a type. Raises msgspec.DecodeError, of which msgspec.ValidationError is one."""
    json_decoder(type)
    return msgspec.toml.decode(toml, type=type, dec_hook=_read)


@overload
def convert(value: Any, type: type[T], *, strict: bool = True) -> T: ...


@overload
def convert(value: Any, type: Any, *, strict: bool = True) -> Any: ...


def convert(value: Any, type: Any, *, strict: bool = True) -> Any:
    """Convert a value of plain types to a type. Raises msgspec.ValidationError."""
    json_decoder(type)
    return msgspec.convert(value, type, strict=strict, dec_hook=_read)


def sent_fields(request: msgspec.Struct) -> dict[str, Any]:
    """Return the fields of a request that were sent, by name. One that was left out is UNSET and not returned."""
    fields = msgspec.structs.asdict(request)
    return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


@cache
def _json_decoder(type: Any) -> msgspec.json.Decoder[Any]:
    # When this returns, msgspec's information about the Structs in a type is complete, for its other formats as well.
    with _one_at_a_time:
        return msgspec.json.Decoder(type, dec_hook=_read)


def _read(type: Any, value: Any) -> Any:
    """Read a type that msgspec does not know: each is made from a string, and its error says what is wrong."""
    if not isinstance(value, str):
        raise TypeError(f"must be a text, not {value!r:.40}")
    return type(value)
