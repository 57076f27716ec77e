"""Check that cards can be charged the catalog's amounts, when it is loaded and not when a customer pays. Pure."""

from collections.abc import Iterable

from chalicelib.card_limits import largest_charge, smallest_charge
from chalicelib.catalog.errors import InvalidCatalog, require
from chalicelib.catalog.tax import Tax
from chalicelib.money import NotChargeable, card_step_micros, format_amount, from_card_amount, to_card_amount


def check_chargeable(what: str, amount_micros: int, currency: str) -> None:
    """Check that a card can be charged an amount. Raises InvalidCatalog."""
    try:
        to_card_amount(amount_micros, currency)
    except NotChargeable as refusal:
        raise InvalidCatalog(f"{what}: {refusal.detail}") from None
    least = from_card_amount(smallest_charge(currency), currency)
    shown = f"{format_amount(amount_micros, currency)} {currency}"
    require(amount_micros >= least, f"{what}: a card is charged {format_amount(least, currency)} at least, not {shown}")


def check_price(what: str, amount_micros: int, currency: str, taxes: Iterable[Tax]) -> None:
    """Check that a price with added tax is not above the largest charge. A price that is too small is carried over.

    Raises InvalidCatalog.
    """
    net = amount_micros - amount_micros % card_step_micros(currency)
    added = max((tax.added_to(net, currency) for tax in taxes if not tax.inclusive), default=0)
    most = from_card_amount(largest_charge(currency), currency)
    shown = f"{format_amount(net + added, currency)} {currency}"
    require(net + added <= most, f"{what}: a card is charged {format_amount(most, currency)} at most, not {shown}")
