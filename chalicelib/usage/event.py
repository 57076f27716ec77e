"""Usage events: CloudEvents 1.0 in their JSON format. Pure."""

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib.http_input import invalid
from chalicelib.json_input import is_json
from chalicelib.typed import json_decoder
from chalicelib.usage.json_nesting import MAXIMUM_DEPTH, is_too_deep
from chalicelib.usage.refusal import EventRefused

MAXIMUM_BYTES: Final = 16 * 1024
"""Size of an event's own JSON, as it was sent."""

SURELY_WITHIN_BOUNDS: Final = 2 * MAXIMUM_DEPTH
"""A text of this length is within both limits: a character has at most four bytes, a level at least two characters."""

MAXIMUM_METADATA: Final = 15
MAXIMUM_PARTS: Final = 50

# CloudEvents 1.0.2, "Type System": a String holds no control characters. (Those that JSON cannot hold never get here.)
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Quantity = str | int | None
Description = Annotated[str, Meta(max_length=500)]
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=200)]], Meta(max_length=MAXIMUM_METADATA)
]


class UsagePart(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """One part of a receipt: how much of one meter."""

    meter: Name
    quantity: Quantity = None
    amount: str | None = None
    description: Description = ""


class UsageData(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """How much was used.

    Send the one that the meter takes: `quantity` for a meter with a price, `amount` for one that its producer prices,
    `parts` for a receipt. `url` points to the call or message that caused the usage; it is shown as a link.
    """

    quantity: Quantity = None
    amount: str | None = None
    url: Annotated[str, Meta(max_length=2048, extra_json_schema={"pattern": "^https?://"})] | None = None
    description: Description = ""
    metadata: Metadata | None = None
    parts: Annotated[list[UsagePart], Meta(min_length=1, max_length=MAXIMUM_PARTS)] | None = None


class UsageEvent(msgspec.Struct, frozen=True, gc=False):
    """A CloudEvent: `type` is the meter, `subject` the account, `time` its own. Extension attributes are allowed."""

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Name
    subject: Name
    time: Annotated[
        str,
        Meta(
            description="RFC 3339 with a zone; what is finer than a millisecond is cut off.",
            examples=["2026-11-23T20:41:05.120Z"],
            extra_json_schema={"format": "date-time"},
        ),
    ]
    data: UsageData
    datacontenttype: Annotated[str, Meta(description="A media type of JSON.", examples=["application/json"])] | None = (
        "application/json"
    )


_decoder = json_decoder(UsageEvent)


def parse(text: str) -> UsageEvent:
    """Read one event from its own JSON. Raises EventRefused."""
    if len(text) > SURELY_WITHIN_BOUNDS:
        _check_bounds(text)
    try:
        event = _decoder.decode(text)
    except msgspec.ValidationError as error:
        broken = invalid(error, UsageEvent)
        raise EventRefused("not_a_usage_event", broken.detail, field=broken.about["field"]) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise EventRefused("not_json", f"the message is not JSON: {error}") from None
    except RecursionError:  # its brackets are never closed, or the check above would have found it
        raise _too_deep() from None
    _check(event)
    return event


def _check_bounds(text: str) -> None:
    if len(text) > MAXIMUM_BYTES or len(text.encode(errors="surrogatepass")) > MAXIMUM_BYTES:
        raise EventRefused("too_large", f"an event takes at most {MAXIMUM_BYTES} bytes")
    if is_too_deep(text):
        raise _too_deep()


def _too_deep() -> EventRefused:
    return EventRefused("too_deep", f"an event nests at most {MAXIMUM_DEPTH} levels deep")


def _check(event: UsageEvent) -> None:
    """Check what the types do not say."""
    # A printable text holds no control character, and nearly all names are printable.
    if event.id.isspace() or not event.id.isprintable():
        _check_name("id", event.id)
    if event.source.isspace() or not event.source.isprintable():
        _check_name("source", event.source)
    kind = event.datacontenttype
    if kind is not None and kind != "application/json" and not is_json(kind):
        raise EventRefused("not_a_usage_event", "datacontenttype: must be a type of JSON", field="datacontenttype")
    url = event.data.url
    if url is not None and not url.startswith(("https://", "http://")):
        raise EventRefused("url_invalid", "a url starts with https:// or http://", field="data.url")


def _check_name(field: str, name: str) -> None:
    if name.isspace() or CONTROL.search(name):
        raise EventRefused("not_a_usage_event", f"{field}: is blank or holds control characters", field=field)
