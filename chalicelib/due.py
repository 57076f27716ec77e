"""When a row is due, and in which shard of its index: at its own time, or at its daily look. Pure.

A record of a stream may be lost. So nothing waits for one alone: the row of what waits is in an index of what is due
(`due_index`), at its own time or at that of its daily look, whichever comes first.
"""

from typing import Final
from zlib import crc32

import msgspec

SHARDS: Final = 8
"""Partitions of an index. One takes 1,000 writes a second; eight never are what holds it up."""

HALF_A_DAY_MS: Final = 12 * 60 * 60 * 1000


class Due(msgspec.Struct, frozen=True):
    """When a row is due, as its index has it. `own_ms` is what the row is due for itself, where that comes later."""

    at_ms: int | None
    is_daily: bool = False
    own_ms: int | None = None


def shard_of(key: str, shards: int = SHARDS) -> str:
    """Return the shard of a row by its id: of its sort key, or of its partition key where it has no other."""
    return str(crc32(key.encode()) % shards)


def daily_look_ms(account_id: str, now_ms: int) -> int:
    """Return when to look at an account next: in half a day to a day, at a time that spreads accounts over the day.

    It stays the same for half a day, so that writing a row twice does not move it in its index.
    """
    offset_ms = crc32(account_id.encode()) % HALF_A_DAY_MS
    return (now_ms - offset_ms) // HALF_A_DAY_MS * HALF_A_DAY_MS + offset_ms + 2 * HALF_A_DAY_MS


def due_of(account_id: str, own_ms: int | None, now_ms: int, *, waits: bool) -> Due:
    """Return when a row is due that is due for itself at `own_ms`, and once a day if it `waits` for something."""
    daily_ms = daily_look_ms(account_id, now_ms)
    if not waits or (own_ms is not None and own_ms <= daily_ms):
        return Due(own_ms)
    return Due(daily_ms, is_daily=True, own_ms=own_ms)
