"""A dead letter, read from a message of SQS. Pure; any body can be read, however malformed."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib.json_input import NotJson, read_json

GAVE_UP: Final = "gave_up"
"""The reason of a message that SQS moved after its last delivery; such a message has no reason of its own."""
GAVE_UP_DETAIL: Final = "not posted in any of its deliveries; the log of record_usage says why, by message id"


class Event(msgspec.Struct, frozen=True):
    """What is known about one of a letter's events."""

    account_id: str | None = None
    source: str | None = None
    event_id: str | None = None


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter.

    `message_id` is the one that the log of record_usage names; `letter_id` is the dead-letter queue's own. There is
    always at least one event; if the body cannot be read, it has what the message's attributes say, or nothing.
    """

    letter_id: str
    message_id: str
    body: str
    reason: str
    detail: str
    sent_at_ms: int
    events: tuple[Event, ...]


def read_letter(message: Mapping[str, Any]) -> Letter:
    """Read a message of SQS that was received with all its attributes."""
    attributes = {name: each.get("StringValue", "") for name, each in message.get("MessageAttributes", {}).items()}
    named = Event(attributes.get("account_id"), attributes.get("source"), attributes.get("event_id"))
    return Letter(
        letter_id=message["MessageId"],
        message_id=attributes.get("message_id") or message["MessageId"],
        body=message["Body"],
        reason=attributes.get("reason") or GAVE_UP,
        detail=attributes.get("detail", "") if "reason" in attributes else GAVE_UP_DETAIL,
        sent_at_ms=int(message["Attributes"]["SentTimestamp"]),
        events=read_events(message["Body"]) or (named,),
    )


def read_events(body: str) -> tuple[Event, ...]:
    """Return what can be read of the events in a body; empty if it cannot be read."""
    content = _parsed(body)
    items = content if isinstance(content, list) else [content]
    return tuple(_event(item) for item in map(_unwrapped, items) if isinstance(item, dict))


def _parsed(text: str) -> Any:
    try:
        return read_json(text)
    except NotJson:
        return None


def _unwrapped(item: Any) -> Any:
    """Remove the envelope of SNS or EventBridge."""
    if not isinstance(item, dict) or "specversion" in item:
        return item
    if isinstance(item.get("Message"), str):
        return _parsed(item["Message"])
    return item.get("detail", item)


def _event(item: dict[str, Any]) -> Event:
    names = (item.get("subject"), item.get("source"), item.get("id"))
    return Event(*(name if isinstance(name, str) else None for name in names))
