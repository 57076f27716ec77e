"""Refuse a change whose renewals no card could pay, before it is made. Pure."""

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.money import NotChargeable, card_step_micros, format_amount, to_card_amount
from chalicelib.payments.line import Line
from chalicelib.subscriptions.price import period_lines, total
from chalicelib.subscriptions.renewal import renewal
from chalicelib.subscriptions.subscription import Contents, Subscription


class RenewalNotChargeable(Refusal):
    """What is wanted can be had now, and its next period could not be charged."""

    status = 422
    type = "renewal-not-chargeable"
    title = "No card could pay the renewal"

    def __init__(self, field: str, amount_micros: int, currency: str, reason: str) -> None:
        amount = format_amount(amount_micros, currency)
        super().__init__(
            f"each period would cost {amount} {currency}, and {reason}", field=field, amount=amount, currency=currency
        )


def check_renewal(foreseen: Subscription, catalog: Catalog, tax: Tax | None) -> None:
    """Check that a card can pay the period that follows a change: its price, and all that is charged with it.

    The price is a whole number of the card's steps and not below the smallest charge, or nothing at all. Raises
    RenewalNotChargeable, UnknownProduct.
    """
    currency, due = foreseen.currency, renewal(foreseen, catalog, tax)
    lines = period_lines(due.terms, catalog)
    price_micros, charge_micros = total(lines), due.quote.charge_micros
    if not price_micros:
        return
    least_micros = catalog.limits(currency).charge_minimum_micros
    field = _field(lines, due.terms.contents, currency, catalog)
    try:
        to_card_amount(price_micros, currency)
        to_card_amount(charge_micros or price_micros, currency)
    except NotChargeable as refusal:
        raise RenewalNotChargeable(field, charge_micros or price_micros, currency, refusal.detail) from refusal
    if price_micros < least_micros:
        least = format_amount(least_micros, currency)
        raise RenewalNotChargeable(field, price_micros, currency, f"a card takes at least {least} {currency}")


def _field(lines: list[Line], contents: Contents, currency: str, catalog: Catalog) -> str:
    """Name the first that is no whole number of the card's steps; where all are, the one that costs most."""
    fields = ["plan", *(f"add_ons.{name}" for name in catalog.add_ons if name in contents.add_ons)]
    amounts = [line.amount_micros for line in lines]
    step = card_step_micros(currency)
    broken = [place for place, amount in enumerate(amounts) if amount % step]
    return fields[broken[0] if broken else amounts.index(max(amounts))]
