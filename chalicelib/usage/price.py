"""Price usage events: each becomes a posting to the wallets of those who pay for it, or is refused. Pure."""

from collections.abc import Sequence
from typing import Final

from chalicelib.catalog.catalog import Catalog, UsageLimits
from chalicelib.catalog.meter import Meter
from chalicelib.clock import iso
from chalicelib.ledger.posting import DEBIT, Content, Identity, Leg, Line, Part, Posting
from chalicelib.pricing.client_price import price_for_client
from chalicelib.pricing.cost import DATA_FIELD, Cost, Unpriceable, price_measure, wrong_measure
from chalicelib.pricing.tariff import Tariff
from chalicelib.usage.event import UsageData, UsageEvent, UsagePart
from chalicelib.usage.event_time import InvalidTime, parse_time
from chalicelib.usage.refusal import EventRefused

USAGE: Final = "usage"


Legs = tuple[Leg, ...]


def posting_of(event: UsageEvent, tariff: Tariff, catalog: Catalog, now_ms: int) -> Posting:
    """Check an event and return its posting, by the tariff of the account that it names.

    It debits the workspace that the client had at the event's time at the catalog's price, and the client, if it is
    rebilled at that time, at the client's price. Raises EventRefused.
    """
    return Posting(*posting_fields(event, tariff, catalog, now_ms))


def posting_fields(event: UsageEvent, tariff: Tariff, catalog: Catalog, now_ms: int) -> tuple[Identity, Content, Legs]:
    """Check an event and return the identity, content and legs of its posting, for a subclass of Posting.

    HTTP and the queue both use it, so that the queue does not refuse what HTTP accepted. Raises EventRefused.
    """
    limits = catalog.usage
    try:
        time_ms = parse_time(event.time)
    except InvalidTime:
        raise _invalid_time(event.time, now_ms) from None
    if not now_ms - limits.maximum_age_ms <= time_ms <= now_ms + limits.maximum_future_ms:
        raise _out_of_time(time_ms, limits, now_ms)
    tariff = tariff.at(time_ms)
    meter = catalog.meters.get(event.type)
    if meter is None:
        raise _unknown_meter("type", f"there is no meter {event.type[:64]!r} in the catalog")
    if meter.parts:
        content, legs = _price_receipt(event, meter, tariff, catalog, time_ms)
    else:
        content, legs = _price_single(event, meter, tariff, limits, time_ms)
    return Identity(event.subject, event.source, event.id, time_ms), content, legs


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
    event: UsageEvent, meter: Meter, tariff: Tariff, limits: UsageLimits, time_ms: int
) -> tuple[Content, Legs]:
    """Return the content and the legs of an event of one meter."""
    data = event.data
    if data.parts is not None:
        raise _refused(wrong_measure(meter, DATA_FIELD))
    cost = _price(data, meter, tariff.currency, limits, time_ms, field=DATA_FIELD)
    content = Content(
        USAGE,
        data.description,
        event.type,
        quantity_micros=cost.quantity_micros,
        amount_micros=cost.amount_micros if cost.quantity_micros is None else None,
        url=data.url,
        metadata=data.metadata or None,
    )
    leg = Leg(tariff.payer_id, DEBIT, cost.amount_micros, cost.unit_price_micros)
    if not tariff.is_rebilled(time_ms):
        return content, (leg,)
    price = price_for_client(cost, tariff.client_price(event.type, time_ms))
    return content, (leg, Leg(tariff.account_id, DEBIT, price.amount_micros, price.unit_price_micros))


def _price_receipt(
    event: UsageEvent, meter: Meter, tariff: Tariff, catalog: Catalog, time_ms: int
) -> tuple[Content, Legs]:
    """Return the content and the legs of a receipt: each part priced by its own meter, and their sum."""
    data = event.data
    if data.parts is None or data.quantity is not None or data.amount is not None:
        raise EventRefused(
            "parts_needed", "this meter has parts: send these, not quantity or amount", field="data.parts"
        )
    parts: list[Part] = []
    costs: list[Cost] = []
    for place, part in enumerate(data.parts):
        field = f"data.parts[{place}]"
        if part.meter not in meter.parts:
            raise _unknown_meter(f"{field}.meter", f"{event.type} has no part {part.meter[:64]!r}")
        part_meter = catalog.meters[part.meter]
        cost = _price(part, part_meter, tariff.currency, catalog.usage, time_ms, field=field)
        quantity, amount = cost.quantity_micros, cost.amount_micros
        parts.append(Part(part.meter, quantity, amount if quantity is None else None, part.description))
        costs.append(cost)
    content = Content(
        USAGE, data.description, event.type, url=data.url, metadata=data.metadata or None, parts=tuple(parts)
    )
    leg = _receipt_leg(tariff.payer_id, data.parts, costs)
    if not tariff.is_rebilled(time_ms):
        return content, (leg,)
    prices = [
        price_for_client(cost, tariff.client_price(part.meter, time_ms))
        for part, cost in zip(data.parts, costs, strict=True)
    ]
    return content, (leg, _receipt_leg(tariff.account_id, data.parts, prices))


def _receipt_leg(account_id: str, parts: Sequence[UsagePart], costs: Sequence[Cost]) -> Leg:
    """Return the leg of a receipt, with a line for each part."""
    lines = tuple(
        Line(part.meter, cost.amount_micros, cost.quantity_micros, cost.unit_price_micros, part.description)
        for part, cost in zip(parts, costs, strict=True)
    )
    return Leg(account_id, DEBIT, sum(line.amount_micros for line in lines), lines=lines)


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
