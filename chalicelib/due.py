"""When a row is due, at its own time or at its daily look, and in which shard of its index. Pure.

A stream record may be lost, so nothing depends on one alone: a row that waits for something is in an index of due rows
(`due_index`), at its own time or at that of its daily look, whichever is earlier.
"""

from typing import Final
from zlib import crc32

import msgspec

SHARDS: Final = 8
"""Partitions of an index. One takes 1,000 writes per second; eight are never the bottleneck."""

HALF_A_DAY_MS: Final = 12 * 60 * 60 * 1000


class Due(msgspec.Struct, frozen=True):
    """When a row is due in its index. `own_ms` is the row's own time, if its daily look is earlier."""

    at_ms: int | None
    is_daily: bool = False
    own_ms: int | None = None


def shard_of(key: str, shards: int = SHARDS) -> str:
    """Return the shard of a row by its sort key, or by its partition key if it has no sort key."""
    return str(crc32(key.encode()) % shards)


def daily_look_ms(account_id: str, now_ms: int) -> int:
    """Return the time of an account's next daily look: in half a day to a day, with accounts spread over the day.

    The time stays the same for half a day, so that writing a row twice does not move it in its index.
    """
    offset_ms = crc32(account_id.encode()) % HALF_A_DAY_MS
    return (now_ms - offset_ms) // HALF_A_DAY_MS * HALF_A_DAY_MS + offset_ms + 2 * HALF_A_DAY_MS


def due_of(account_id: str, own_ms: int | None, now_ms: int, *, waits: bool, look_ms: int | None = None) -> Due:
    """Return when a row is due: at its own time `own_ms`, and once a day if it `waits` for something.

    One that does not wait is looked at once at `look_ms`, if that is given.
    """
    look_ms = daily_look_ms(account_id, now_ms) if waits else look_ms
    if look_ms is None or (own_ms is not None and own_ms <= look_ms):
        return Due(own_ms)
    return Due(look_ms, is_daily=True, own_ms=own_ms)
