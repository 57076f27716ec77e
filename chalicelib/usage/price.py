"""What an event costs: the meter's price at the event's own time, times the quantity. Pure."""

from typing import Final

from chalicelib.catalog.catalog import Catalog, UsageLimits
from chalicelib.catalog.meter import Meter, Price
from chalicelib.clock import iso
from chalicelib.ledger.posting import DEBIT, Content, Identity, Leg, Line, Part, Posting
from chalicelib.money import InvalidDecimal, charge_micros, parse_micros
from chalicelib.usage.event import UsageData, UsageEvent, UsagePart
from chalicelib.usage.moment import InvalidTime, parse_moment
from chalicelib.usage.refusal import EventRefused

USAGE: Final = "usage"
WHOLE: Final = "data"
"""Where the measure of an event stands that is no receipt."""

Charge = tuple[int | None, int | None, int]
"""A quantity and its unit price, where there are any, and the amount."""


def price_event(event: UsageEvent, currency: str, catalog: Catalog, now_ms: int) -> Posting:
    """Check an event and return its posting: a debit of the account that it names, in that account's currency.

    Both doors ask this function, so that what the one accepts the other does not refuse. Raises EventRefused.
    """
    limits = catalog.usage
    try:
        time_ms = parse_moment(event.time)
    except InvalidTime:
        raise _no_time(event.time, now_ms) from None
    if not now_ms - limits.maximum_age_ms <= time_ms <= now_ms + limits.maximum_future_ms:
        raise _out_of_time(time_ms, limits, now_ms)
    meter = catalog.meters.get(event.type)
    if meter is None:
        raise _unknown_meter("type", f"there is no meter {event.type[:64]!r} in the catalog")
    if meter.parts:
        content, leg = _receipt(event, meter, currency, catalog, time_ms)
    else:
        content, leg = _plain(event, meter, currency, limits, time_ms)
    return Posting(Identity(event.subject, event.source, event.id, time_ms), content, (leg,))


def _no_time(time: str, now_ms: int) -> EventRefused:
    detail = f"time: {time[:64]!r} is no time with a zone as RFC 3339 writes it, such as {iso(now_ms)}"
    return EventRefused("not_a_usage_event", detail, field="time")


def _out_of_time(time_ms: int, limits: UsageLimits, now_ms: int) -> EventRefused:
    if time_ms > now_ms:
        return EventRefused("in_the_future", f"the time is ahead of ours, which is {iso(now_ms)}", field="time")
    oldest = iso(now_ms - limits.maximum_age_ms)
    return EventRefused("too_old", f"events from before {oldest} are not taken", field="time")


def _unknown_meter(field: str, detail: str) -> EventRefused:
    return EventRefused("unknown_meter", f"{field}: {detail}", field=field)


def _plain(event: UsageEvent, meter: Meter, currency: str, limits: UsageLimits, time_ms: int) -> tuple[Content, Leg]:
    """Return the content and the leg of an event of one meter."""
    data = event.data
    if data.parts is not None:
        raise _wrong_measure(meter, WHOLE)
    quantity, unit_price, amount = _charge(data, meter, currency, limits, time_ms, field=WHOLE)
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
            raise _unknown_meter(f"{field}.meter", f"{event.type} has no part {part.meter[:64]!r}")
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
        return None, None, _measure(sent.amount, limits.maximum_amount_micros, field, "amount")
    if sent.quantity is None or sent.amount is not None:
        raise _wrong_measure(meter, field)
    quantity = _measure(sent.quantity, limits.maximum_quantity_micros, field, "quantity")
    unit_price = unit_price_at(meter.prices.get(currency, ()), time_ms)
    if unit_price is None:
        raise _no_price(field, currency)
    amount = charge_micros(unit_price, quantity)
    if unit_price and not amount:
        detail = f"{field}.quantity: so small a quantity costs less than 0.000001"
        raise EventRefused("rounds_to_nothing", detail, field=f"{field}.quantity")
    return quantity, unit_price, amount


def _no_price(field: str, currency: str) -> EventRefused:
    detail = f"the catalog has no price in {currency} for this meter at that time"
    return EventRefused("no_price", detail, field="type" if field == WHOLE else f"{field}.meter")


def _wrong_measure(meter: Meter, field: str) -> EventRefused:
    if meter.priced_by_producer:
        detail = f"{field}: this meter is priced by its producer: send amount, and nothing else to measure it"
        return EventRefused("amount_needed", detail, field=f"{field}.amount")
    detail = f"{field}: this meter has a price: send quantity, and nothing else to measure it"
    return EventRefused("quantity_needed", detail, field=f"{field}.quantity")


def _measure(sent: str | int, maximum_micros: int, field: str, name: str) -> int:
    """Read a quantity (in millionths) or an amount (in micros): above zero, at most six places, not absurdly large."""
    try:
        micros = parse_micros(str(sent))
    except InvalidDecimal as error:
        raise EventRefused("not_a_decimal", f"{field}.{name}: {error.detail}", field=f"{field}.{name}") from None
    if not 0 < micros <= maximum_micros:
        detail = f"{field}.{name}: {str(sent)[:64]} is not above zero and within what is believable"
        raise EventRefused("out_of_range", detail, field=f"{field}.{name}")
    return micros


def unit_price_at(prices: tuple[Price, ...], time_ms: int) -> int | None:
    """Return the unit price in micros that holds at a moment, if any; `prices` are newest first."""
    for price in prices:
        if price.from_ms <= time_ms:
            return price.unit_price_micros
    return None
