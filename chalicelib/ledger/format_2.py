"""Page format 2: each column is stored separately, with the codec that fits its values. Pure.

The body is MessagePack: the header, and the columns by name. The page's hash covers the stored bytes, so a check
encodes nothing again: another release of zlib may write other bytes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from chalicelib.ledger import columns as codecs
from chalicelib.ledger.page_content import COLUMNS, LINE_COLUMNS, Header, PageContent
from chalicelib.typed import msgpack_decoder

NUMBER: Final = 2
DEFAULTS: Final = {**COLUMNS, **LINE_COLUMNS}


class _Body(msgspec.Struct, array_like=True):
    header: Header
    columns: dict[str, msgspec.Raw]


class _LargeBody(_Body, array_like=True):
    """A body with an opening balance for which MessagePack's 64 bits are too few: as text, and 0 in the header."""

    opening_balance: str = ""


LARGEST: Final = 2**63 - 1

_body: Final = msgpack_decoder(_LargeBody)


def hashed(body: bytes) -> bytes:
    """Return the bytes that the page's hash covers."""
    return body


def encode(header: Header, columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Write a body. A column that has only its default value (`page_content`) is left out."""
    stored = {
        name: msgspec.Raw(codecs.encode(values))
        for name, values in columns.items()
        if not _is_default(values, DEFAULTS[name])
    }
    opening_micros = header.opening_balance_micros
    if abs(opening_micros) <= LARGEST:
        return msgspec.msgpack.encode(_Body(header, stored))
    return msgspec.msgpack.encode(_LargeBody(replace(header, opening_balance_micros=0), stored, str(opening_micros)))


def decode(body: bytes) -> PageContent:
    """Read a body. Its columns are decoded on request. Raises msgspec.DecodeError, UnreadableColumn."""
    found = _body.decode(body)
    header = found.header
    if found.opening_balance:
        header = replace(header, opening_balance_micros=int(found.opening_balance))

    def stored(name: str, count: int) -> list[Any] | None:
        return codecs.decode(found.columns[name], count) if name in found.columns else None

    return PageContent(header, stored)


def _is_default(values: Sequence[Any], default: Any) -> bool:
    return default is not ... and values[0] == default and values.count(default) == len(values)
