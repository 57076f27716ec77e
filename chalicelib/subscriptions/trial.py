"""What a trial is free for, and what is paid in it. Pure.

A trial is free for the plan that began it, for every plan that costs no more by the month, and for as many of each
add-on as that plan's trial includes. All else is paid from the first day, for the days of the trial that are left: by
the plan's interval, and for an add-on by the month.
"""

from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.payments.line import Line
from chalicelib.subscriptions.period import first_period
from chalicelib.subscriptions.price import plan_of, rest_line
from chalicelib.subscriptions.proration import days_left
from chalicelib.subscriptions.subscription import Contents, Prices, Subscription, Terms, Trial


def trial_of(contents: Contents, currency: str, catalog: Catalog) -> Trial:
    """Return the trial that a plan begins. Raises UnknownProduct."""
    plan = plan_of(contents, currency, catalog)
    price_micros = plan.amounts_micros[currency]
    return Trial(plan=contents.plan, plan_micros=price_micros, months=plan.months, add_ons=plan.trial_add_ons)


def trial_within(current: Subscription, catalog: Catalog) -> Trial:
    """Return the trial that runs. One of before trials had limits is free for what it holds."""
    if current.trial:
        return current.trial
    terms = current.terms
    product = catalog.plans.get(terms.contents.plan)
    months = product.months if product else 1
    plan, price_micros = terms.contents.plan, terms.prices.plan_micros
    return Trial(plan=plan, plan_micros=price_micros, months=months, add_ons=terms.contents.add_ons)


def trial_prices(contents: Contents, currency: str, catalog: Catalog, held: Terms | None = None) -> Prices:
    """Return the prices that hold in a trial, an add-on's for a month; what is held already keeps its price."""
    plan = plan_of(contents, currency, catalog).amounts_micros[currency]
    add_ons = {name: catalog.add_ons[name].amounts_micros[currency] for name in contents.add_ons}
    if held is None:
        return Prices(plan, add_ons)
    kept = {name: held.prices.add_on_micros.get(name, price) for name, price in add_ons.items()}
    return Prices(held.prices.plan_micros if contents.plan == held.contents.plan else plan, kept)


def is_free(contents: Contents, trial: Trial, currency: str, catalog: Catalog) -> bool:
    """Tell whether a trial is free for a plan."""
    return contents.plan == trial.plan or not _is_dearer(_offered(contents.plan, currency, catalog), trial)


def moves_in_trial(wanted: Contents, held: Terms, trial: Trial, currency: str, catalog: Catalog) -> bool:
    """Tell whether another plan takes effect within the trial: not one for less than what was paid until its end."""
    if is_free(held.contents, trial, currency, catalog):
        return True
    return _is_dearer(_offered(wanted.plan, currency, catalog), _paid_plan(held, trial, currency, catalog))


def held_in_trial(held: dict[str, int], wanted: dict[str, int], trial: Trial) -> dict[str, int]:
    """Return the add-ons that are held in a trial from now on: what was paid until its end is kept."""
    kept = {name: number for name, number in held.items() if number > trial.add_ons.get(name, 0)}
    numbers = {name: max(kept.get(name, 0), wanted.get(name, 0)) for name in sorted(kept | wanted)}
    return {name: number for name, number in numbers.items() if number}


def trial_lines(
    now: Terms, held: Terms | None, trial: Trial, currency: str, *, catalog: Catalog, now_ms: int
) -> list[Line]:
    """Return the lines of what is paid in a trial from now on and was not before, for the days that are left of it."""
    before = _paid_add_ons(held.contents, trial) if held else {}
    more = {name: number - before.get(name, 0) for name, number in _paid_add_ons(now.contents, trial).items()}
    added = _add_on_lines(more, now, catalog, now_ms)
    if held is None or now.contents.plan == held.contents.plan or is_free(now.contents, trial, currency, catalog):
        return added
    wanted, paid = _offered(now.contents.plan, currency, catalog), _paid_plan(held, trial, currency, catalog)
    return [_plan_line(wanted, 1, now, catalog, now_ms), _plan_line(paid, -1, now, catalog, now_ms), *added]


def unused_in_trial(held: Terms, trial: Trial, catalog: Catalog, now_ms: int) -> list[Line]:
    """Return the lines that give back what was paid in a trial that ends now."""
    back = {name: -number for name, number in _paid_add_ons(held.contents, trial).items()}
    return _add_on_lines(back, held, catalog, now_ms)


def _offered(plan: str, currency: str, catalog: Catalog) -> Trial:
    return trial_of(Contents(plan), currency, catalog)


def _is_dearer(plan: Trial, than: Trial) -> bool:
    """Compare by the month, exactly."""
    return plan.plan_micros * than.months > than.plan_micros * plan.months


def _paid_plan(held: Terms, trial: Trial, currency: str, catalog: Catalog) -> Trial:
    """Return the plan that is paid until the trial's end, or the one for which it is free."""
    if is_free(held.contents, trial, currency, catalog):
        return trial
    return replace(_offered(held.contents.plan, currency, catalog), plan_micros=held.prices.plan_micros)


def _paid_add_ons(contents: Contents, trial: Trial) -> dict[str, int]:
    more = {name: number - trial.add_ons.get(name, 0) for name, number in contents.add_ons.items()}
    return {name: number for name, number in more.items() if number > 0}


def _plan_line(plan: Trial, sign: int, terms: Terms, catalog: Catalog, now_ms: int) -> Line:
    product, days = catalog.plans.get(plan.plan), _days_of(plan.months, terms)
    name = product.name if product else plan.plan
    return rest_line(name, 1, sign * plan.plan_micros, terms, now_ms, priced_days=days)


def _add_on_lines(numbers: dict[str, int], terms: Terms, catalog: Catalog, now_ms: int) -> list[Line]:
    """Return the lines of add-ons in the order of the catalog; of a number below zero, given back."""
    days = _days_of(1, terms)
    return [
        rest_line(
            *(catalog.add_ons[name].name, abs(number), (1 if number > 0 else -1) * terms.prices.add_on_micros[name]),
            *(terms, now_ms),
            priced_days=days,
        )
        for name in catalog.add_ons
        if (number := numbers.get(name, 0))
    ]


def _days_of(months: int, terms: Terms) -> int:
    """Return how many days an interval has that begins with the trial."""
    _left, days = days_left(first_period(terms.contents, terms.prices, terms.period_start_ms, months), 0)
    return days
