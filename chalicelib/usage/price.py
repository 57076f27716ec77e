"""What an event costs: the meter's price at the event's own time, times the quantity. Pure."""

from chalicelib.catalog.catalog import Meter, Price, UsageLimits
from chalicelib.ledger.posting import Content, Identity, Leg, Posting
from chalicelib.money import charge_micros
from chalicelib.usage.event import EventRefused, UsageEvent, measure


def entry_of(event: UsageEvent, meter: Meter, currency: str, limits: UsageLimits) -> Posting:
    """Return the debit of an event that `event.check` has passed.

    Raises EventRefused when the meter has no price in the currency at that time, or the charge would round to zero.
    """
    data = event.data
    time_ms = event.time_ms
    if meter.priced_by_producer:
        quantity = unit_price = None
        amount = measure(data.amount or "", limits.maximum_amount_micros, "data.amount")
    else:
        quantity = measure(data.quantity or "", limits.maximum_quantity_micros, "data.quantity")
        unit_price = unit_price_at(meter.prices.get(currency, ()), time_ms)
        amount = charge_micros(unit_price, quantity)
        if unit_price and not amount:
            raise EventRefused(
                "rounds_to_nothing", "so small a quantity costs less than 0.000001", field="data.quantity"
            )
    return Posting(
        Identity(event.subject, event.source, event.id, time_ms),
        Content(
            "usage",
            data.description,
            event.type,
            quantity,
            None if unit_price is not None else amount,
            data.url,
            None,
            data.metadata,
        ),
        (Leg(event.subject, "debit", amount, unit_price),),
    )


def unit_price_at(prices: tuple[Price, ...], time_ms: int) -> int:
    """Return the unit price in micros that holds at a moment; `prices` are newest first. Raises EventRefused."""
    for price in prices:
        if price.from_ms <= time_ms:
            return price.unit_price_micros
    raise EventRefused(
        "no_price", "the catalog has no price for this meter in the account's currency at that time", field="type"
    )
