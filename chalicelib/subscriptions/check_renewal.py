"""Check that the renewals after a change can be charged to a card, before the change is made. Pure."""

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.money import NotChargeable, card_step_micros, format_amount, to_card_amount
from chalicelib.payments.line import Line
from chalicelib.subscriptions.price import period_lines, total_micros
from chalicelib.subscriptions.renewal import next_renewal
from chalicelib.subscriptions.subscription import Contents, Subscription


class RenewalNotChargeable(Refusal):
    """The change could be charged, but the next whole period could not."""

    status = 422
    type = "renewal-not-chargeable"
    title = "No card could pay the renewal"

    def __init__(self, field: str, amount_micros: int, currency: str, reason: str) -> None:
        amount = format_amount(amount_micros, currency)
        super().__init__(
            f"each period would cost {amount} {currency}, and {reason}", field=field, amount=amount, currency=currency
        )


def check_renewal(foreseen: Subscription, catalog: Catalog, tax: Tax | None) -> None:
    """Check that the next period can be charged: its price alone, and together with the tax and what is carried.

    The price must be zero, or a multiple of the card step and at least the smallest charge. Raises
    RenewalNotChargeable, UnknownProduct.
    """
    currency, due = foreseen.currency, next_renewal(foreseen, catalog, tax)
    lines = period_lines(due.terms, catalog)
    price_micros, charge_micros = total_micros(lines), due.quote.charge_micros
    if not price_micros:
        return
    least_micros = catalog.limits(currency).charge_minimum_micros
    field = _blamed_field(lines, due.terms.contents, currency, catalog)
    try:
        to_card_amount(price_micros, currency)
        to_card_amount(charge_micros or price_micros, currency)
    except NotChargeable as refusal:
        raise RenewalNotChargeable(field, charge_micros or price_micros, currency, refusal.detail) from refusal
    if price_micros < least_micros:
        least = format_amount(least_micros, currency)
        raise RenewalNotChargeable(field, price_micros, currency, f"a card takes at least {least} {currency}")


def _blamed_field(lines: list[Line], contents: Contents, currency: str, catalog: Catalog) -> str:
    """Return the field of the first line that is not a multiple of the card step; if all are, of the most expensive."""
    fields = ["plan", *(f"add_ons.{name}" for name in catalog.add_ons if name in contents.add_ons)]
    amounts = [line.amount_micros for line in lines]
    step = card_step_micros(currency)
    broken = [place for place, amount in enumerate(amounts) if amount % step]
    return fields[broken[0] if broken else amounts.index(max(amounts))]
