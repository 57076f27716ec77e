"""Page format 1: JSON by columns, compressed as a whole. Such pages are read, but no longer written. Pure.

The hash covers the JSON before compression. A field that is the same for the whole page is stored once.
"""

import zlib
from itertools import accumulate, islice
from typing import Any, Final

import msgspec

from chalicelib.ledger.page_content import Header, PageContent
from chalicelib.typed import json_decoder

NUMBER: Final = 1


class _Body(msgspec.Struct):
    """`times` are differences in ms, each from the previous time; the first is from `start_ms`."""

    account_id: str
    currency: str
    first_sequence: int
    opening_balance_micros: int
    posted_at_ms: int
    start_ms: int
    times: list[int]
    columns: dict[str, Any]


def hashed(body: bytes) -> bytes:
    """Return the bytes that the page's hash covers. Raises zlib.error."""
    return zlib.decompress(body)


def decode(body: bytes) -> PageContent:
    """Read a body. Raises zlib.error, msgspec.DecodeError."""
    found = json_decoder(_Body).decode(zlib.decompress(body))
    header = Header(
        found.account_id,
        found.currency,
        found.first_sequence,
        found.opening_balance_micros,
        found.posted_at_ms,
        len(found.times),
    )

    def stored(name: str, count: int) -> list[Any] | None:
        if name == "occurred_at_ms":
            return list(islice(accumulate(found.times, initial=found.start_ms), 1, None))
        if name not in found.columns:
            return None
        value = found.columns[name]
        return value if isinstance(value, list) else [value] * count

    return PageContent(header, stored)
