"""Price usage events: each becomes a posting of its cost, or is refused. Pure."""

from typing import Final

from chalicelib.catalog.catalog import Catalog, UsageLimits
from chalicelib.catalog.meter import Meter
from chalicelib.clock import iso
from chalicelib.ledger.posting import DEBIT, Content, Identity, Leg, Line, Part, Posting
from chalicelib.pricing.cost import DATA_FIELD, Cost, Unpriceable, price_measure, wrong_measure
from chalicelib.usage.event import UsageData, UsageEvent, UsagePart
from chalicelib.usage.event_time import InvalidTime, parse_time
from chalicelib.usage.refusal import EventRefused

USAGE: Final = "usage"


def posting_of(event: UsageEvent, currency: str, catalog: Catalog, now_ms: int) -> Posting:
    """Check an event and return its posting: a debit of the account that it names, in that account's currency.

    Raises EventRefused.
    """
    identity, content, leg = posting_fields(event, currency, catalog, now_ms)
    return Posting(identity, content, (leg,))


def posting_fields(event: UsageEvent, currency: str, catalog: Catalog, now_ms: int) -> tuple[Identity, Content, Leg]:
    """Check an event and return the identity, content and leg of its posting, for a subclass of Posting.

    HTTP and the queue both use it, so that the queue does not refuse what HTTP accepted. Raises EventRefused.
    """
    limits = catalog.usage
    try:
        time_ms = parse_time(event.time)
    except InvalidTime:
        raise _invalid_time(event.time, now_ms) from None
    if not now_ms - limits.maximum_age_ms <= time_ms <= now_ms + limits.maximum_future_ms:
        raise _out_of_time(time_ms, limits, now_ms)
    meter = catalog.meters.get(event.type)
    if meter is None:
        raise _unknown_meter("type", f"there is no meter {event.type[:64]!r} in the catalog")
    if meter.parts:
        content, leg = _price_receipt(event, meter, currency, catalog, time_ms)
    else:
        content, leg = _price_single(event, meter, currency, limits, time_ms)
    return Identity(event.subject, event.source, event.id, time_ms), content, leg


def _invalid_time(time: str, now_ms: int) -> EventRefused:
    detail = f"time: {time[:64]!r} is no time with a zone as RFC 3339 writes it, such as {iso(now_ms)}"
    return EventRefused("not_a_usage_event", detail, field="time")


def _out_of_time(time_ms: int, limits: UsageLimits, now_ms: int) -> EventRefused:
    if time_ms > now_ms:
        return EventRefused("in_the_future", f"the time is ahead of ours, which is {iso(now_ms)}", field="time")
    oldest = iso(now_ms - limits.maximum_age_ms)
    return EventRefused("too_old", f"events from before {oldest} are not taken", field="time")


def _unknown_meter(field: str, detail: str) -> EventRefused:
    return EventRefused("unknown_meter", f"{field}: {detail}", field=field)


def _price_single(
    event: UsageEvent, meter: Meter, currency: str, limits: UsageLimits, time_ms: int
) -> tuple[Content, Leg]:
    """Return the content and the leg of an event of one meter."""
    data = event.data
    if data.parts is not None:
        raise _refused(wrong_measure(meter, DATA_FIELD))
    cost = _price(data, meter, currency, limits, time_ms, field=DATA_FIELD)
    content = Content(
        USAGE,
        data.description,
        event.type,
        quantity_micros=cost.quantity_micros,
        amount_micros=cost.amount_micros if cost.quantity_micros is None else None,
        url=data.url,
        metadata=data.metadata or None,
    )
    return content, Leg(event.subject, DEBIT, cost.amount_micros, cost.unit_price_micros)


def _price_receipt(
    event: UsageEvent, meter: Meter, currency: str, catalog: Catalog, time_ms: int
) -> tuple[Content, Leg]:
    """Return the content and the leg of a receipt: each part priced by its own meter, and their sum."""
    data = event.data
    if data.parts is None or data.quantity is not None or data.amount is not None:
        raise EventRefused(
            "parts_needed", "this meter has parts: send these, not quantity or amount", field="data.parts"
        )
    parts: list[Part] = []
    lines: list[Line] = []
    for place, part in enumerate(data.parts):
        field = f"data.parts[{place}]"
        if part.meter not in meter.parts:
            raise _unknown_meter(f"{field}.meter", f"{event.type} has no part {part.meter[:64]!r}")
        part_meter = catalog.meters[part.meter]
        cost = _price(part, part_meter, currency, catalog.usage, time_ms, field=field)
        quantity, amount = cost.quantity_micros, cost.amount_micros
        parts.append(Part(part.meter, quantity, amount if quantity is None else None, part.description))
        lines.append(Line(part.meter, amount, quantity, cost.unit_price_micros, part.description))
    content = Content(
        USAGE, data.description, event.type, url=data.url, metadata=data.metadata or None, parts=tuple(parts)
    )
    total = sum(line.amount_micros for line in lines)
    return content, Leg(event.subject, DEBIT, total, lines=tuple(lines))


def _price(
    sent: UsageData | UsagePart, meter: Meter, currency: str, limits: UsageLimits, time_ms: int, *, field: str
) -> Cost:
    """Price what was sent for one meter; `field` is its place in the event."""
    try:
        return price_measure(
            sent.quantity,
            sent.amount,
            meter=meter,
            currency=currency,
            limits=limits,
            time_ms=time_ms,
            field=field,
        )
    except Unpriceable as error:
        raise _refused(error) from None


def _refused(error: Unpriceable) -> EventRefused:
    return EventRefused(error.reason, error.detail, field=error.field)
