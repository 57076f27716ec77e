"""Pages of format 2: each column by itself, stored by the codec that fits its values. Pure.

The body is MessagePack: the header, the time of the first event, and the columns by name. Its hash covers it as it is.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import msgspec

from chalicelib.ledger import columns as codecs
from chalicelib.ledger.page_content import COLUMNS, LINE_COLUMNS, Header, PageContent

NUMBER: Final = 2
DEFAULTS: Final = {**COLUMNS, **LINE_COLUMNS}


class _Body(msgspec.Struct, array_like=True):
    header: Header
    start_ms: int
    columns: dict[str, Any]


def hashed(body: bytes) -> bytes:
    """Return what the page's hash covers."""
    return body


def encode(header: Header, columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Write a body. Columns may be left out where all their values are what `COLUMNS` says."""
    times = columns["occurred_at_ms"]
    stored = {
        name: codecs.encode(values)
        for name, values in columns.items()
        if name != "occurred_at_ms" and not _is_default(values, DEFAULTS[name])
    }
    gaps = [later - earlier for earlier, later in pairwise(times)]
    stored["occurred_at_ms"] = codecs.encode([0, *gaps])
    return msgspec.msgpack.encode(_Body(header, times[0], stored))


def decode(body: bytes) -> PageContent:
    """Read a body. Raises msgspec.DecodeError, UnreadableColumn."""
    found = msgspec.msgpack.decode(body, type=_Body)

    def stored(name: str, count: int) -> list[Any] | None:
        if name not in found.columns:
            return None
        values = codecs.decode(found.columns[name], count)
        return list(accumulate(values[1:], initial=found.start_ms)) if name == "occurred_at_ms" else values

    return PageContent(found.header, stored)


def _is_default(values: Sequence[Any], default: Any) -> bool:
    return default is not ... and values[0] == default and list(values).count(default) == len(values)
