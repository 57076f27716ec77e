"""Prices, the lines of a period or a change, and how much of their sum is charged to a card. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from chalicelib.catalog.catalog import Catalog, Product
from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.money import card_step_micros
from chalicelib.payments.line import Line
from chalicelib.subscriptions.proration import days_left, prorate
from chalicelib.subscriptions.subscription import Contents, Prices, Subscription, Terms

CARRIED: Final = "Carried over from earlier changes"
CARRIED_ON: Final = "Carried over to the next charge"


class UnknownProduct(Refusal):
    """A plan or an add-on that is not in the catalog, or not sold in the account's currency."""

    status = 422
    type = "unknown-product"
    title = "The plan or add-on is not sold"

    def __init__(self, field: str, name: str, currency: str, known: list[str]) -> None:
        super().__init__(
            f"{field}: {name[:40]!r} is not sold in {currency}; take one of: {', '.join(known)}",
            field=field,
            value=name[:40],
            known=known,
        )


class ProductRetired(Refusal):
    """A plan or an add-on that is no longer sold: only accounts that hold it may keep it."""

    status = 422
    type = "product-retired"
    title = "The plan or add-on is not sold any more"

    def __init__(self, field: str, name: str, most: int) -> None:
        super().__init__(
            f"{field}: {name!r} is not sold any more; who holds it may keep it, or have fewer",
            field=field,
            value=name,
            maximum=most,
        )


class TooManyOfAddOn(Refusal):
    """More of an add-on than an account can have."""

    status = 422
    type = "too-many-of-add-on"
    title = "That is more of the add-on than an account can have"

    def __init__(self, name: str, most: int) -> None:
        super().__init__(f"add_ons.{name}: an account has at most {most} of it", field=f"add_ons.{name}", most=most)


class Quote(msgspec.Struct, frozen=True):
    """What is charged: `charge_micros` is the sum of the lines, plus `added_tax_micros`.

    `carried_micros` is what is still owed after this charge, without tax. `tax` is the account's: contained in the
    lines, or added to them.
    """

    charge_micros: int
    carried_micros: int
    lines: tuple[Line, ...]
    tax: Tax | None = None
    added_tax_micros: int = 0


def plan_of(contents: Contents, currency: str, catalog: Catalog) -> Product:
    """Return the plan. Raises UnknownProduct."""
    return _get_product("plan", contents.plan, currency, catalog.plans)


def check_sold(contents: Contents, currency: str, catalog: Catalog, held_contents: Iterable[Contents] = ()) -> None:
    """Check that all contents are sold in the currency and number, or held. Raises UnknownProduct, ProductRetired.

    Raises also TooManyOfAddOn.
    """
    held_contents = list(held_contents)
    if plan_of(contents, currency, catalog).retired and contents.plan not in {each.plan for each in held_contents}:
        raise ProductRetired("plan", contents.plan, 0)
    for name, number in contents.add_ons.items():
        most = max((each.add_ons.get(name, 0) for each in held_contents), default=0)
        product = _get_product("add_ons", name, currency, catalog.add_ons)
        if product.retired and number > most:
            raise ProductRetired(f"add_ons.{name}", name, most)
        if number > max(product.maximum, most):
            raise TooManyOfAddOn(name, product.maximum)


def is_in_catalog(contents: Contents, currency: str, catalog: Catalog) -> bool:
    """Tell whether the catalog has all contents, with prices in the currency."""
    products = [catalog.plans.get(contents.plan), *(catalog.add_ons.get(name) for name in contents.add_ons)]
    return all(product is not None and currency in product.amounts_micros for product in products)


def _get_product(field: str, name: str, currency: str, products: dict[str, Product]) -> Product:
    product = products.get(name)
    if product is None or currency not in product.amounts_micros:
        known = sorted(
            each for each, found in products.items() if currency in found.amounts_micros and not found.retired
        )
        raise UnknownProduct(field, name, currency, known)
    return product


def prices_of(contents: Contents, currency: str, catalog: Catalog, current: Terms | None = None) -> Prices:
    """Return today's prices for the plan's interval; what is in `current` keeps its price. Raises UnknownProduct."""
    plan = plan_of(contents, currency, catalog)
    add_ons = {
        name: _get_product("add_ons", name, currency, catalog.add_ons).amounts_micros[currency] * plan.months
        for name in contents.add_ons
    }
    if current is None:
        return Prices(plan.amounts_micros[currency], add_ons)
    kept = {name: current.prices.add_on_micros.get(name, price) for name, price in add_ons.items()}
    same_plan = contents.plan == current.contents.plan
    return Prices(current.prices.plan_micros if same_plan else plan.amounts_micros[currency], kept)


def renewal_prices(contents: Contents, subscription: Subscription, catalog: Catalog) -> Prices:
    """Return the prices of the next period: today's, except that a retired product keeps the price at which it is held.

    A retired add-on keeps its price only within the same interval, and not after a trial, whose price was for a month.
    Raises UnknownProduct.
    """
    currency, terms = subscription.currency, subscription.terms
    today, kept = prices_of(contents, currency, catalog), prices_of(contents, currency, catalog, current=terms)
    months_held = catalog.plans[terms.contents.plan].months if terms.contents.plan in catalog.plans else 0
    keeps = subscription.status != "trialing" and months_held == catalog.plans[contents.plan].months
    return Prices(
        kept.plan_micros if catalog.plans[contents.plan].retired else today.plan_micros,
        {
            name: kept.add_on_micros[name] if keeps and catalog.add_ons[name].retired else price
            for name, price in today.add_on_micros.items()
        },
    )


def period_lines(terms: Terms, catalog: Catalog) -> list[Line]:
    """Return the lines of a whole period: the plan first, then the add-ons in the order of the catalog."""
    contents, prices = terms.contents, terms.prices
    bought = [(catalog.plans[contents.plan].name, 1, prices.plan_micros)]
    bought += [
        (catalog.add_ons[name].name, contents.add_ons[name], prices.add_on_micros[name])
        for name in catalog.add_ons
        if name in contents.add_ons
    ]
    return [
        Line(name, quantity, unit, quantity * unit, terms.period_start_ms, terms.period_end_ms)
        for name, quantity, unit in bought
    ]


def prorated_line(
    name: str, quantity: int, unit_micros: int, terms: Terms, now_ms: int, *, priced_days: int | None = None
) -> Line:
    """Return the line of a product for the rest of a period. A negative price means that it is given back.

    `priced_days` is the number of days that the price is for, if that is not the period.
    """
    left, days = days_left(terms, now_ms)
    days = priced_days or days
    rest = prorate(quantity * unit_micros, left, days)
    described = f"{'Unused: ' if unit_micros < 0 else ''}{name}, {left} of {days} days"
    return Line(described, quantity, unit_micros, rest, max(now_ms, terms.period_start_ms), terms.period_end_ms)


def unused_lines(terms: Terms, catalog: Catalog, now_ms: int) -> list[Line]:
    """Return the lines that give back the unused rest of a paid period."""
    return [
        prorated_line(line.description, line.quantity, -line.unit_amount_micros, terms, now_ms)
        for line in period_lines(terms, catalog)
    ]


def quote(lines: Iterable[Line], carried_micros: int, currency: str, catalog: Catalog, tax: Tax | None = None) -> Quote:
    """Return what a card is charged for these lines and the amount carried so far, and what is carried on.

    A card can be charged a multiple of the card step, and at least the currency's smallest charge: the rest is carried.
    Nothing is lost by rounding: lines + carried before = net + carried after, and one more line shows the difference.
    The net is then the sum of the lines. An exclusive tax is added to it: lines + tax = charge, to the micro.
    """
    lines = list(lines)
    due = total_micros(lines) + carried_micros
    net = chargeable_part_micros(due, currency, catalog)
    difference = net - total_micros(lines)
    if net and difference:
        lines.append(Line(CARRIED if difference > 0 else CARRIED_ON, 1, difference, difference))
    added = 0 if tax is None or tax.inclusive else tax.added_to(net, currency)
    return Quote(net + added, due - net, tuple(lines) if net else (), tax, added)


def chargeable_part_micros(due_micros: int, currency: str, catalog: Catalog) -> int:
    """Return how much of a due amount a card can be charged: a multiple of its step, or zero if that is too little."""
    charge = due_micros - due_micros % card_step_micros(currency)
    return charge if charge >= catalog.limits(currency).charge_minimum_micros else 0


def total_micros(lines: Sequence[Line]) -> int:
    """Return the sum of lines, without tax."""
    return sum(line.amount_micros for line in lines)
