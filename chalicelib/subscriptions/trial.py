"""Trials: what is free in a trial, and what is paid. Pure.

These are free: the plan that began the trial, every plan that costs no more per month, and as many of each add-on as
the trial of the first plan includes. Everything else is paid from the first day, for the days of the trial that are
left: a plan at the price of its interval, an add-on at the price of a month.
"""

from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.payments.line import Line
from chalicelib.subscriptions.period import first_period
from chalicelib.subscriptions.price import plan_of, prorated_line
from chalicelib.subscriptions.proration import days_left
from chalicelib.subscriptions.subscription import Contents, Prices, Subscription, Terms, Trial


def offered_trial(contents: Contents, currency: str, catalog: Catalog) -> Trial:
    """Return the trial that a plan begins. Raises UnknownProduct."""
    plan = plan_of(contents, currency, catalog)
    price_micros = plan.amounts_micros[currency]
    return Trial(plan=contents.plan, plan_micros=price_micros, months=plan.months, add_ons=plan.trial_add_ons)


def running_trial(subscription: Subscription, catalog: Catalog) -> Trial:
    """Return the trial of a subscription. One that began before trials had limits includes what it holds."""
    if subscription.trial:
        return subscription.trial
    terms = subscription.terms
    product = catalog.plans.get(terms.contents.plan)
    months = product.months if product else 1
    plan, price_micros = terms.contents.plan, terms.prices.plan_micros
    return Trial(plan=plan, plan_micros=price_micros, months=months, add_ons=terms.contents.add_ons)


def trial_prices(contents: Contents, currency: str, catalog: Catalog, current: Terms | None = None) -> Prices:
    """Return the prices in a trial, of add-ons for a month; what is in `current` keeps its price."""
    plan = plan_of(contents, currency, catalog).amounts_micros[currency]
    add_ons = {name: catalog.add_ons[name].amounts_micros[currency] for name in contents.add_ons}
    if current is None:
        return Prices(plan, add_ons)
    kept = {name: current.prices.add_on_micros.get(name, price) for name, price in add_ons.items()}
    return Prices(current.prices.plan_micros if contents.plan == current.contents.plan else plan, kept)


def is_free(contents: Contents, trial: Trial, currency: str, catalog: Catalog) -> bool:
    """Tell whether the plan of the contents is free in a trial."""
    return contents.plan == trial.plan or not _costs_more(_plan_as_trial(contents.plan, currency, catalog), trial)


def takes_effect_in_trial(wanted: Contents, current: Terms, trial: Trial, currency: str, catalog: Catalog) -> bool:
    """Tell whether another plan takes effect in the trial: if one is paid until its end, only a dearer one does."""
    if is_free(current.contents, trial, currency, catalog):
        return True
    return _costs_more(_plan_as_trial(wanted.plan, currency, catalog), _paid_plan(current, trial, currency, catalog))


def add_ons_in_trial(current: dict[str, int], wanted: dict[str, int], trial: Trial) -> dict[str, int]:
    """Return the add-ons that a trial has after a change: those paid until its end are kept."""
    kept = {name: number for name, number in current.items() if number > trial.add_ons.get(name, 0)}
    numbers = {name: max(kept.get(name, 0), wanted.get(name, 0)) for name in sorted(kept | wanted)}
    return {name: number for name, number in numbers.items() if number}


def trial_lines(
    now: Terms, current: Terms | None, trial: Trial, currency: str, *, catalog: Catalog, now_ms: int
) -> list[Line]:
    """Return the lines of what is newly paid in a trial, for the days of the trial that are left."""
    before = _paid_add_ons(current.contents, trial) if current else {}
    more = {name: number - before.get(name, 0) for name, number in _paid_add_ons(now.contents, trial).items()}
    added = _add_on_lines(more, now, catalog, now_ms)
    if current is None or now.contents.plan == current.contents.plan or is_free(now.contents, trial, currency, catalog):
        return added
    wanted, paid = _plan_as_trial(now.contents.plan, currency, catalog), _paid_plan(current, trial, currency, catalog)
    return [_plan_line(wanted, 1, now, catalog, now_ms), _plan_line(paid, -1, now, catalog, now_ms), *added]


def unused_trial_lines(current: Terms, trial: Trial, catalog: Catalog, now_ms: int) -> list[Line]:
    """Return the lines that give back what was paid for the rest of a trial that ends now."""
    back = {name: -number for name, number in _paid_add_ons(current.contents, trial).items()}
    return _add_on_lines(back, current, catalog, now_ms)


def _plan_as_trial(plan: str, currency: str, catalog: Catalog) -> Trial:
    return offered_trial(Contents(plan), currency, catalog)


def _costs_more(plan: Trial, than: Trial) -> bool:
    """Compare the monthly prices of two plans, without rounding."""
    return plan.plan_micros * than.months > than.plan_micros * plan.months


def _paid_plan(current: Terms, trial: Trial, currency: str, catalog: Catalog) -> Trial:
    """Return the plan that is paid until the trial's end, or the one that is free in it."""
    if is_free(current.contents, trial, currency, catalog):
        return trial
    return replace(_plan_as_trial(current.contents.plan, currency, catalog), plan_micros=current.prices.plan_micros)


def _paid_add_ons(contents: Contents, trial: Trial) -> dict[str, int]:
    more = {name: number - trial.add_ons.get(name, 0) for name, number in contents.add_ons.items()}
    return {name: number for name, number in more.items() if number > 0}


def _plan_line(plan: Trial, sign: int, terms: Terms, catalog: Catalog, now_ms: int) -> Line:
    product, days = catalog.plans.get(plan.plan), _days_in_interval(plan.months, terms)
    name = product.name if product else plan.plan
    return prorated_line(name, 1, sign * plan.plan_micros, terms, now_ms, priced_days=days)


def _add_on_lines(numbers: dict[str, int], terms: Terms, catalog: Catalog, now_ms: int) -> list[Line]:
    """Return the lines of add-ons in the order of the catalog; a negative number is given back."""
    days = _days_in_interval(1, terms)
    return [
        prorated_line(
            catalog.add_ons[name].name,
            abs(number),
            (1 if number > 0 else -1) * terms.prices.add_on_micros[name],
            terms,
            now_ms,
            priced_days=days,
        )
        for name in catalog.add_ons
        if (number := numbers.get(name, 0))
    ]


def _days_in_interval(months: int, terms: Terms) -> int:
    """Return the number of days of an interval that begins when the trial begins."""
    _left, days = days_left(first_period(terms.contents, terms.prices, terms.period_start_ms, months), 0)
    return days
