"""Stub."""

import zlib
from typing import Any

import msgspec


class UnreadableColumn(Exception):
    """x."""


def encode(values: Any) -> Any:
    """X."""
    return zlib.compress(msgspec.json.encode(list(values)), 3)


def decode(stored: Any, count: int) -> list[Any]:
    """X."""
    values = msgspec.json.decode(zlib.decompress(stored))
    assert len(values) == count
    return values
