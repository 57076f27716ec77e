"""Accept usage events over HTTP: check them as the queue's function would, then put them on the queue."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import Catalog
from chalicelib.usage import queue
from chalicelib.usage.event import EventRefused, Refused, UsageEvent, check, convert, read_each

MAXIMUM_EVENTS: Final = 500
MESSAGE_BYTES: Final = 200_000
"""Size of one queue message; SQS takes 1 MiB, and charges by 64 KB."""


class Accepted(msgspec.Struct, frozen=True):
    """How many events are on the queue now, and which were refused, by their place in the request."""

    accepted: int
    refused: list[Refused]


def accept(items: list[Any], catalog: Catalog) -> Accepted:
    """Check events and queue the good ones. A refused event does not hold up those next to it."""
    refused: list[Refused] = []
    good: list[UsageEvent] = []
    events = list(_read(items, refused))
    known = accounts.find_many({event.subject for _, event in events})
    now_ms = clock.now_ms()
    for place, event in events:
        account = known.get(event.subject)
        try:
            if account is None:
                raise EventRefused("unknown_account", f"there is no account {event.subject[:64]!r}", field="subject")
            check(event, catalog.meters.get(event.type), catalog.usage, now_ms)
        except EventRefused as refusal:
            refused.append((place, refusal))
        else:
            good.append(event)
    for message in messages(good):
        queue.send(message)
    return Accepted(len(good), sorted(refused, key=lambda each: each[0]))


def _read(items: list[Any], refused: list[Refused]) -> Iterator[tuple[int, UsageEvent]]:
    """Yield the readable events with their places; note the others."""
    for place, item in enumerate(items):
        events, unreadable = read_each([item], convert)
        refused += [(place, refusal) for _, refusal in unreadable]
        yield from ((place, event) for event in events)


def messages(events: Iterable[UsageEvent]) -> Iterator[str]:
    """Pack events into arrays that fit into a queue message."""
    packed: list[bytes] = []
    size = 0
    for event in events:
        encoded = msgspec.json.encode(event)
        if packed and size + len(encoded) > MESSAGE_BYTES:
            yield (b"[" + b",".join(packed) + b"]").decode()
            packed, size = [], 0
        packed.append(encoded)
        size += len(encoded) + 1
    if packed:
        yield (b"[" + b",".join(packed) + b"]").decode()
