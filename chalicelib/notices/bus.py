"""The door to EventBridge."""

import random
import time
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import boto3
import msgspec
from botocore.config import Config

from chalicelib.clock import from_ms
from chalicelib.log import log
from chalicelib.notices.detail import SOURCE
from chalicelib.notices.event import Event
from chalicelib.settings import settings

ENTRIES: Final = 10
"""Most entries of one call: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html."""

ATTEMPTS: Final = 4
FIRST_PAUSE_SECONDS: Final = 0.1


@cache
def client() -> Any:
    """Return the client of EventBridge, made on first use. Repeating a call is harmless: events have stable ids."""
    return boto3.client("events", config=Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"}))


def put(events: Sequence[Event]) -> int:
    """Put events on the bus, in order; return how many of them, from the first, it has taken.

    Of a call that was taken in part only the rest is sent again. What lies behind an event that the bus goes on
    refusing is not sent: it will be, with it.
    """
    taken = 0
    while taken < len(events):
        chunk = events[taken : taken + ENTRIES]
        left = _put(chunk)
        if left:
            return taken + chunk.index(left[0])
        taken += len(chunk)
    return taken


def _put(events: Sequence[Event]) -> Sequence[Event]:
    """Put up to ten events on the bus; return those that it has not taken in the end."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 - jitter, not a secret
        results = client().put_events(Entries=[_entry(each) for each in events])["Entries"]
        refused = [(event, result) for event, result in zip(events, results, strict=True) if "ErrorCode" in result]
        for event, result in refused:
            about = {"event_id": event.detail.id, "code": result["ErrorCode"], "message": result.get("ErrorMessage")}
            log().warning("the bus refused an event", attempt=attempt + 1, **about)
        events = [event for event, _ in refused]
        if not events:
            break
    return events


def _entry(event: Event) -> dict[str, Any]:
    return {
        "EventBusName": settings().event_bus_name,
        "Source": SOURCE,
        "DetailType": event.type,
        "Time": from_ms(event.at_ms),
        "Detail": msgspec.json.encode(event.detail).decode(),
    }
