"""Usage events: CloudEvents 1.0 in their JSON format, alone or as an array. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib.catalog.catalog import Meter, UsageLimits
from chalicelib.clock import EPOCH, MILLISECOND, iso
from chalicelib.errors import Refusal
from chalicelib.http_input import invalid
from chalicelib.money import InvalidDecimal, parse_micros

Name = Annotated[str, Meta(min_length=1, max_length=256)]
MAXIMUM_METADATA: Final = 15


class EventRefused(Refusal):
    """A usage event that cannot be posted as it is. `reason` is stable and machine-readable."""

    status = 422
    type = "usage-event-refused"
    title = "The usage event cannot be posted"

    def __init__(self, reason: str, detail: str, **about: object) -> None:
        super().__init__(detail, reason=reason, **about)
        self.reason = reason


class UsageData(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """How much was used. `quantity` for a meter with a price, `amount` for one that its producer prices.

    `url` leads to the call or message that caused it; it is shown as a link.
    """

    quantity: str | int | None = None
    amount: str | None = None
    url: Annotated[str, Meta(max_length=2048, extra_json_schema={"pattern": "^https?://"})] | None = None
    description: Annotated[str, Meta(max_length=500)] = ""
    metadata: Annotated[dict[str, Annotated[str, Meta(max_length=200)]], Meta(max_length=MAXIMUM_METADATA)] | None = (
        None
    )


class UsageEvent(msgspec.Struct, frozen=True, gc=False):
    """A CloudEvent: `type` is the meter, `subject` the account, `time` its own. Extension attributes are allowed."""

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Name
    subject: Name
    time: Annotated[datetime, Meta(tz=True)]
    data: UsageData
    datacontenttype: Literal["application/json"] = "application/json"

    @property
    def time_ms(self) -> int:
        """Return the event's time in milliseconds since 1970."""
        return (self.time - EPOCH) // MILLISECOND


Decode = Callable[[Any], UsageEvent]
_one = msgspec.json.Decoder(UsageEvent)
_array = msgspec.json.Decoder(list[msgspec.Raw])

Refused = tuple[int, EventRefused]
"""A refused event with its place in the array (0 when it came alone)."""


def read(body: str | bytes) -> tuple[list[UsageEvent], list[Refused]]:
    """Read a message: one event, or an array of them. A bad event of an array does not hide the good ones."""
    try:
        return [_one.decode(body)], []
    except (msgspec.DecodeError, UnicodeError) as error:
        start = body.lstrip()[:1]
        if start in {"[", b"["}:
            return _read_array(body)
        return [], [(0, _refused(error))]


def convert(item: Any) -> UsageEvent:
    """Read an event that came as part of a request's JSON. Raises msgspec.ValidationError."""
    return msgspec.convert(item, UsageEvent)


def _read_array(body: str | bytes) -> tuple[list[UsageEvent], list[Refused]]:
    try:
        items = _array.decode(body)
    except (msgspec.DecodeError, UnicodeError) as error:
        return [], [(0, _refused(error))]
    return read_each(items, _one.decode)


def read_each(items: list[Any], decode: Decode) -> tuple[list[UsageEvent], list[Refused]]:
    """Read the events of an array one by one; an empty array is refused, since it says nothing."""
    events: list[UsageEvent] = []
    refused: list[Refused] = []
    for place, item in enumerate(items):
        try:
            events.append(decode(item))
        except (msgspec.DecodeError, UnicodeError) as error:
            refused.append((place, _refused(error)))
    if not items:
        refused.append((0, EventRefused("empty", "the array holds no event")))
    return events, refused


def _refused(error: Exception) -> EventRefused:
    if isinstance(error, msgspec.ValidationError):
        broken = invalid(error)
        return EventRefused("not_a_usage_event", broken.detail, field=broken.about["field"])
    return EventRefused("not_json", f"the message is not JSON: {error}")


def check(event: UsageEvent, meter: Meter | None, limits: UsageLimits, now_ms: int) -> None:
    """Check what does not depend on the account. Raises EventRefused with its reason."""
    if meter is None:
        raise EventRefused("unknown_meter", f"there is no meter {event.type[:64]!r} in the catalog", field="type")
    time_ms = event.time_ms
    if time_ms > now_ms + limits.maximum_future_ms:
        raise EventRefused("in_the_future", f"the time is ahead of ours, which is {iso(now_ms)}", field="time")
    if time_ms < now_ms - limits.maximum_age_ms:
        raise EventRefused(
            "too_old", f"events from before {iso(now_ms - limits.maximum_age_ms)} are not taken", field="time"
        )
    url = event.data.url
    if url is not None and not url.startswith(("https://", "http://")):
        raise EventRefused("url_invalid", "a url starts with https:// or http://", field="data.url")
    check_measure(event.data, meter, limits)


def check_measure(data: UsageData, meter: Meter, limits: UsageLimits) -> None:
    """Check that there is a quantity or an amount, as the meter wants it, and that it is not absurd."""
    if meter.priced_by_producer:
        if data.amount is None or data.quantity is not None:
            raise EventRefused(
                "amount_needed", "this meter is priced by its producer: send amount, not quantity", field="data.amount"
            )
        measure(data.amount, limits.maximum_amount_micros, "data.amount")
        return
    if data.quantity is None or data.amount is not None:
        raise EventRefused(
            "quantity_needed", "this meter has a price: send quantity, not amount", field="data.quantity"
        )
    measure(data.quantity, limits.maximum_quantity_micros, "data.quantity")


def measure(sent: str | int, maximum_micros: int, field: str) -> int:
    """Read a quantity (in millionths) or an amount (in micros): above zero, at most six places, not absurdly large."""
    try:
        micros = parse_micros(str(sent))
    except InvalidDecimal as error:
        raise EventRefused("not_a_decimal", f"{field}: {error.detail}", field=field) from None
    if not 0 < micros <= maximum_micros:
        raise EventRefused(
            "out_of_range", f"{field}: {sent} is not above zero and within what is believable", field=field
        )
    return micros
