"""Read messages: an event or an array of events, perhaps in an envelope. Each event is read independently. Pure."""

from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeVar

import msgspec

from chalicelib.typed import json_decoder
from chalicelib.usage.event import UsageEvent, parse
from chalicelib.usage.json_nesting import BLANK, is_too_deep, split_array
from chalicelib.usage.refusal import EventRefused, unforeseen

BYTE_ORDER_MARK: Final = "\ufeff"

UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What msgspec raises for text that it cannot read."""


class SentEvent(msgspec.Struct, frozen=True, gc=False):
    """An event with its place in the array (0 if it was sent alone) and its own JSON, as it was sent."""

    place: int
    text: str
    event: UsageEvent


class RefusedElement(msgspec.Struct, frozen=True):
    """What is refused, with its place and its own text, which can be sent elsewhere without the other elements."""

    place: int
    text: str
    refusal: EventRefused


ReadMessage = tuple[list[SentEvent], list[RefusedElement]]
"""A message as it was read: its events, and what in it is not an event."""


class _Notification(msgspec.Struct, rename="pascal"):
    """The envelope of SNS, unless raw message delivery is on (docs.aws.amazon.com/sns, "Message formats")."""

    type: Literal["Notification"]
    message: str


class _BusEvent(msgspec.Struct, rename={"detail_type": "detail-type"}):
    """The envelope of EventBridge (docs.aws.amazon.com/eventbridge, "Event structure")."""

    version: Literal["0"]
    id: str
    source: str
    detail_type: str
    detail: msgspec.Raw


EnvelopeT = TypeVar("EnvelopeT")

_array = json_decoder(list[msgspec.Raw])
_notification = json_decoder(_Notification).decode
_bus_event = json_decoder(_BusEvent).decode


def read_message(body: str | bytes) -> ReadMessage:
    """Read a message; return its events, and the elements that are not events. Never raises.

    Envelopes are removed: of SNS, of EventBridge, or of EventBridge inside SNS.
    """
    text = body if isinstance(body, str) else body.decode(errors="surrogateescape")
    try:
        return [SentEvent(0, text, parse(text))], []
    except Exception:  # noqa: BLE001 - nearly all messages are one event; the others are read below
        text = _unwrap(text)
    if text.startswith("["):
        return _read_array(text)
    return read_elements([text])


def read_elements(texts: Iterable[str]) -> ReadMessage:
    """Read events, each from its own JSON; return what is not an event as refused. Never raises."""
    events: list[SentEvent] = []
    refused: list[RefusedElement] = []
    for place, text in enumerate(texts):
        try:
            events.append(SentEvent(place, text, parse(text)))
        except EventRefused as refusal:
            refused.append(refused_element(place, text, refusal))
        except Exception as error:  # noqa: BLE001 - it refuses only this event; the caller logs it with its stack
            refused.append(refused_element(place, text, unforeseen(error)))
    return events, refused


def refused_element(place: int, text: str, refusal: EventRefused) -> RefusedElement:
    """Return what is refused, as text that can be sent: lone surrogates, which UTF-8 cannot encode, become `?`."""
    return RefusedElement(place, text.encode(errors="replace").decode(), refusal)


def _unwrap(text: str) -> str:
    """Return an event or array without its envelopes, byte order mark and blanks."""
    notification = _decode_or_none(_notification, _trim(text))
    text = _trim(notification.message if notification else text)
    bus_event = _decode_or_none(_bus_event, text)
    return str(bus_event.detail, "utf-8", "surrogateescape") if bus_event else text


def _trim(text: str) -> str:
    return text.removeprefix(BYTE_ORDER_MARK).strip(BLANK)


def _decode_or_none(decode: Callable[[str], EnvelopeT], text: str) -> EnvelopeT | None:
    try:
        return decode(text)
    except UNREADABLE:
        return None


def _read_array(text: str) -> ReadMessage:
    elements = _split(text)
    if not elements:
        return [], [refused_element(0, text, _refusal_of_array(text, elements))]
    return read_elements(elements)


def _refusal_of_array(text: str, elements: list[str] | None) -> EventRefused:
    if elements is not None:
        return EventRefused("empty", "the array holds no event")
    if is_too_deep(text):
        return EventRefused("too_deep", "the array nests too deeply, and its brackets do not match")
    return EventRefused("not_json", "the array is not JSON")


def _split(text: str) -> list[str] | None:
    """Split an array into the JSON of its elements; None if it is not an array."""
    try:
        return [str(element, "utf-8") for element in _array.decode(text)]
    except UNREADABLE:
        # One element may be broken: split by hand, so that the others can be read.
        return split_array(text)
