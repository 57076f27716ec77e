"""What an event costs: the meter's price at the event's own time, times the quantity. Pure."""

from typing import Final

from chalicelib.catalog.catalog import Catalog, Meter, Price, UsageLimits
from chalicelib.clock import iso
from chalicelib.ledger.posting import DEBIT, Content, Identity, Leg, Line, Part, Posting
from chalicelib.money import InvalidDecimal, charge_micros, parse_micros
from chalicelib.usage.event import UsageData, UsageEvent, UsagePart
from chalicelib.usage.moment import InvalidTime, parse_moment
from chalicelib.usage.refusal import EventRefused

USAGE: Final = "usage"

Charge = tuple[int | None, int | None, int]
"""A quantity and its unit price, where there are any, and the amount."""


def price_event(event: UsageEvent, currency: str, catalog: Catalog, now_ms: int) -> Posting:
    """Check an event and return its posting: a debit of the account that it names, in that account's currency.

    Both doors ask this function, so that what the one accepts the other does not refuse. Raises EventRefused.
    """
    time_ms = _time_ms(event.time, catalog.usage, now_ms)
    meter = _meter(event.type, catalog, "type")
    if meter.parts:
        content, leg = _receipt(event, meter, currency, catalog, time_ms)
    else:
        content, leg = _plain(event, meter, currency, catalog.usage, time_ms)
    return Posting(Identity(event.subject, event.source, event.id, time_ms), content, (leg,))


def _time_ms(time: str, limits: UsageLimits, now_ms: int) -> int:
    try:
        time_ms = parse_moment(time)
    except InvalidTime:
        detail = f"time: {time[:64]!r} is no time with a zone as RFC 3339 writes it, such as {iso(now_ms)}"
        raise EventRefused("not_a_usage_event", detail, field="time") from None
    if time_ms > now_ms + limits.maximum_future_ms:
        raise EventRefused("in_the_future", f"the time is ahead of ours, which is {iso(now_ms)}", field="time")
    if time_ms < now_ms - limits.maximum_age_ms:
        oldest = iso(now_ms - limits.maximum_age_ms)
        raise EventRefused("too_old", f"events from before {oldest} are not taken", field="time")
    return time_ms


def _meter(name: str, catalog: Catalog, field: str) -> Meter:
    meter = catalog.meters.get(name)
    if meter is None:
        raise EventRefused("unknown_meter", f"{field}: there is no meter {name[:64]!r} in the catalog", field=field)
    return meter


def _plain(event: UsageEvent, meter: Meter, currency: str, limits: UsageLimits, time_ms: int) -> tuple[Content, Leg]:
    """Return the content and the leg of an event of one meter."""
    data = event.data
    if data.parts is not None:
        raise _wrong_measure(meter, "data")
    quantity, unit_price, amount = _charge(data, meter, currency, limits, time_ms, field="data")
    content = Content(
        USAGE,
        data.description,
        event.type,
        quantity_micros=quantity,
        amount_micros=amount if quantity is None else None,
        url=data.url,
        metadata=data.metadata or None,
    )
    return content, Leg(event.subject, DEBIT, amount, unit_price)


def _receipt(event: UsageEvent, meter: Meter, currency: str, catalog: Catalog, time_ms: int) -> tuple[Content, Leg]:
    """Return the content and the leg of a receipt: each part priced as its own meter would be, and their sum."""
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
            detail = f"{field}.meter: {event.type} has no part {part.meter[:64]!r}"
            raise EventRefused("unknown_meter", detail, field=f"{field}.meter")
        of_part = catalog.meters[part.meter]
        quantity, unit_price, amount = _charge(part, of_part, currency, catalog.usage, time_ms, field=field)
        parts.append(Part(part.meter, quantity, amount if quantity is None else None, part.description))
        lines.append(Line(part.meter, amount, quantity, unit_price, part.description))
    content = Content(
        USAGE, data.description, event.type, url=data.url, metadata=data.metadata or None, parts=tuple(parts)
    )
    total = sum(line.amount_micros for line in lines)
    return content, Leg(event.subject, DEBIT, total, lines=tuple(lines))


def _charge(
    sent: UsageData | UsagePart, meter: Meter, currency: str, limits: UsageLimits, time_ms: int, *, field: str
) -> Charge:
    """Price what was sent for one meter; `field` is where it stands in the event."""
    if meter.priced_by_producer:
        if sent.amount is None or sent.quantity is not None:
            raise _wrong_measure(meter, field)
        return None, None, _measure(sent.amount, limits.maximum_amount_micros, f"{field}.amount")
    if sent.quantity is None or sent.amount is not None:
        raise _wrong_measure(meter, field)
    quantity = _measure(sent.quantity, limits.maximum_quantity_micros, f"{field}.quantity")
    unit_price = unit_price_at(meter.prices.get(currency, ()), time_ms)
    amount = charge_micros(unit_price, quantity)
    if unit_price and not amount:
        detail = f"{field}.quantity: so small a quantity costs less than 0.000001"
        raise EventRefused("rounds_to_nothing", detail, field=f"{field}.quantity")
    return quantity, unit_price, amount


def _wrong_measure(meter: Meter, field: str) -> EventRefused:
    if meter.priced_by_producer:
        detail = f"{field}: this meter is priced by its producer: send amount, and nothing else to measure it"
        return EventRefused("amount_needed", detail, field=f"{field}.amount")
    detail = f"{field}: this meter has a price: send quantity, and nothing else to measure it"
    return EventRefused("quantity_needed", detail, field=f"{field}.quantity")


def _measure(sent: str | int, maximum_micros: int, field: str) -> int:
    """Read a quantity (in millionths) or an amount (in micros): above zero, at most six places, not absurdly large."""
    try:
        micros = parse_micros(sent if isinstance(sent, str) else str(sent))
    except InvalidDecimal as error:
        raise EventRefused("not_a_decimal", f"{field}: {error.detail}", field=field) from None
    if not 0 < micros <= maximum_micros:
        detail = f"{field}: {sent} is not above zero and within what is believable"
        raise EventRefused("out_of_range", detail, field=field)
    return micros


def unit_price_at(prices: tuple[Price, ...], time_ms: int) -> int:
    """Return the unit price in micros that holds at a moment; `prices` are newest first. Raises EventRefused."""
    for price in prices:
        if price.from_ms <= time_ms:
            return price.unit_price_micros
    raise EventRefused(
        "no_price", "the catalog has no price for this meter in the account's currency at that time", field="type"
    )
