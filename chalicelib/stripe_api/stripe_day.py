"""The index of what was made on a Stripe account on a day: its rows are compared with Stripe's lists. Pure keys.

A row is put there once, when it is made, and stays: it costs one write more, and a day is read without the others.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from chalicelib.clock import day_of
from chalicelib.due import shard_of
from chalicelib.stripe_api.stripe_account import StripeAccount

SHARDS: Final = 4
"""Partitions of a Stripe account's day: each takes 1,000 writes a second, and Stripe 100 requests."""

Key = tuple[str, str]
"""An account and the id of one of its payments."""


class OfDay(msgspec.Struct, frozen=True):
    """Payments of a day: all that have something from `from_ms` on, to the moment before which they were read."""

    keys: list[tuple[int, Key]]
    from_ms: int


def stripe_day(stripe_account: StripeAccount, moment_ms: int, key: str) -> str:
    """Return in which partition a row is, by its sort key: `platform#2026-11-23#2`."""
    return f"{stripe_account.key}#{day_of(moment_ms)}#{shard_of(key, SHARDS)}"


def partitions_of(stripe_account: StripeAccount, day: str) -> list[str]:
    """Return the partitions of a day."""
    return [f"{stripe_account.key}#{day}#{shard}" for shard in range(SHARDS)]


def newest_of(shards: Iterable[list[tuple[int, Key]]], limit: int) -> OfDay:
    """Put the newest of each shard together. A shard that has `limit` of them may have more, before its last one."""
    found: list[tuple[int, Key]] = []
    from_ms = 0
    for each in shards:
        found += each
        if len(each) >= limit:
            from_ms = max(from_ms, each[-1][0] + 1)
    return OfDay([each for each in found if each[0] >= from_ms], from_ms)
