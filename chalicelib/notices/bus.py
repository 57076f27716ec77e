"""The door to EventBridge."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from chalicelib.backoff import pause
from chalicelib.clock import from_ms
from chalicelib.log import log
from chalicelib.notices.detail import SOURCE
from chalicelib.notices.event import Event
from chalicelib.settings import settings

ENTRIES: Final = 10
"""The most entries in one call: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html."""

ATTEMPTS: Final = 4
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 0.8

INVALID_CALL: Final = "ValidationException"
UNFIT: Final = frozenset({"InvalidArgument", "MalformedDetail", "RedactionFailure", INVALID_CALL})
"""Error codes that the event itself causes, at every attempt:
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html."""


class Answer(msgspec.Struct, frozen=True):
    """The result of putting events: the first `done` of them need no further attempt.

    They are on the bus, except those in `unfit`, which it will never accept: the reason for each, by its index.
    """

    done: int
    unfit: dict[int, str]


@cache
def client() -> Any:
    """Return the client of EventBridge, made on first use. Its retries are safe: events have stable ids."""
    return boto3.Session().client(
        "events", config=Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard"})
    )


def put(events: Sequence[Event]) -> Answer:
    """Put events on the bus, in order, and return how many are done.

    If a call is accepted in part, only the rest is sent again. If the bus keeps refusing an event, no further calls are
    made: the caller puts the later events again, together with that one. An event that the bus can never accept does
    not block the others.
    """
    done, unfit = 0, dict[int, str]()
    while done < len(events):
        places = range(done, min(done + ENTRIES, len(events)))
        left = _put({place: events[place] for place in places}, unfit)
        if left:
            return Answer(min(left), unfit)
        done += len(places)
    return Answer(done, unfit)


def _put(events: Mapping[int, Event], unfit: dict[int, str]) -> Mapping[int, Event]:
    """Put up to ten events on the bus, given by their indexes; return those that it refused at every attempt."""
    for attempt in range(ATTEMPTS):
        if attempt:
            pause(attempt, first_seconds=FIRST_PAUSE_SECONDS, longest_seconds=LONGEST_PAUSE_SECONDS)
        refused: dict[int, Event] = {}
        for (place, event), result in zip(events.items(), _results([*events.values()]), strict=True):
            if code := result.get("ErrorCode"):
                about = {"event_id": event.detail.id, "code": code, "message": result.get("ErrorMessage")}
                log().warning("the bus refused an event", attempt=attempt + 1, **about)
                if code in UNFIT:
                    unfit[place] = f"{code}: {result.get('ErrorMessage')}"
                else:
                    refused[place] = event
        events = refused
        if not events:
            break
    return events


def _results(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Put events in one call; a call that is refused as a whole is split until the invalid event is alone."""
    bus, bus_name = client(), settings().event_bus_name
    try:
        results: list[dict[str, Any]] = bus.put_events(Entries=[_entry(each, bus_name) for each in events])["Entries"]
    except Exception as error:
        if _is_unrelated(error):
            raise
        if len(events) == 1:
            log().exception("an event cannot be sent", event_id=events[0].detail.id)
            return [{"ErrorCode": INVALID_CALL, "ErrorMessage": f"{type(error).__name__}: {error}"}]
    else:
        return results
    half = len(events) // 2
    return _results(events[:half]) + _results(events[half:])


def _is_unrelated(error: Exception) -> bool:
    """Tell whether an error is not caused by the events: the bus is unreachable, or denies access."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code")) != INVALID_CALL
    return isinstance(error, BotoCoreError) and not isinstance(error, ParamValidationError)


def _entry(event: Event, bus_name: str) -> dict[str, Any]:
    return {
        "EventBusName": bus_name,
        "Source": SOURCE,
        "DetailType": event.type,
        "Time": from_ms(event.at_ms),
        "Detail": msgspec.json.encode(event.detail).decode(),
    }
