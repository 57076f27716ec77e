"""What a change does: what takes effect now and what it costs, and what waits for the period's end. Pure."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.payments.line import Line
from chalicelib.payments.payment import DAY_MS
from chalicelib.subscriptions.period import first_period, trial_period
from chalicelib.subscriptions.price import (
    Quote,
    period_lines,
    plan_of,
    prices_of,
    quote,
    rest_line,
    total,
    unused_lines,
)
from chalicelib.subscriptions.subscription import Contents, Purpose, Subscription, Terms


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A change: the terms from now on, what is charged for them, and what follows at the period's end, if anything.

    `trial_end_ms` is there for the start of a trial.
    """

    purpose: Purpose
    terms: Terms
    quote: Quote
    scheduled: Contents | None = None
    trial_end_ms: int | None = None


def start(
    wanted: Contents, *, with_trial: bool, currency: str, catalog: Catalog, now_ms: int, tax: Tax | None = None
) -> Difference:
    """Begin a subscription: its first period is charged at once, or its trial is free."""
    plan, prices = plan_of(wanted, currency, catalog), prices_of(wanted, currency, catalog)
    if with_trial and plan.trial_days:
        end_ms = now_ms + plan.trial_days * DAY_MS
        terms = trial_period(wanted, prices, now_ms, end_ms)
        return Difference(purpose="start", terms=terms, quote=Quote(0, 0, ()), trial_end_ms=end_ms)
    terms = first_period(wanted, prices, now_ms, plan.months)
    quoted = quote(period_lines(terms, catalog), 0, currency, catalog, tax)
    return Difference(purpose="start", terms=terms, quote=quoted)


def difference(
    current: Subscription, wanted: Contents, catalog: Catalog, now_ms: int, tax: Tax | None = None
) -> Difference:
    """Change a running subscription. Nothing has been paid for a trial, so there all takes effect now, for nothing.

    More of an add-on and a plan that costs at least as much take effect now, for the price of the days that are left.
    Less, and a cheaper plan, take effect at the period's end. A plan with a longer interval begins a new period now,
    in which what is left of the old one is given back; a shorter one waits for the period's end.
    """
    currency, terms = current.currency, current.terms
    if current.status == "trialing":
        return Difference(
            purpose="change",
            terms=replace(terms, contents=wanted, prices=prices_of(wanted, currency, catalog)),
            quote=Quote(0, current.carried_micros, ()),
            trial_end_ms=current.trial_end_ms,
        )
    held_plan, wanted_plan = plan_of(terms.contents, currency, catalog), plan_of(wanted, currency, catalog)
    if wanted_plan.months > held_plan.months:
        anew = first_period(wanted, prices_of(wanted, currency, catalog), now_ms, wanted_plan.months)
        lines = period_lines(anew, catalog) + unused_lines(terms, catalog, now_ms)
        if total(lines) > 0:
            return Difference(purpose="change", terms=anew, quote=_quoted(current, lines, catalog, tax))
    dearer = wanted_plan.amounts_micros[currency] >= terms.prices.plan_micros
    plan = wanted.plan if wanted_plan.months == held_plan.months and dearer else terms.contents.plan
    contents = Contents(plan, _at_least(terms.contents.add_ons, wanted.add_ons))
    now = replace(terms, contents=contents, prices=prices_of(contents, currency, catalog, held=terms))
    quoted = _quoted(current, _added(terms, now, catalog, now_ms), catalog, tax)
    return Difference(purpose="change", terms=now, quote=quoted, scheduled=None if contents == wanted else wanted)


def _quoted(current: Subscription, lines: Sequence[Line], catalog: Catalog, tax: Tax | None) -> Quote:
    """Say what is charged for the lines of a change; without any, nothing is, and what is carried stays so."""
    if not lines:
        return Quote(0, current.carried_micros, ())
    return quote(lines, current.carried_micros, current.currency, catalog, tax)


def _at_least(held: dict[str, int], wanted: dict[str, int]) -> dict[str, int]:
    return {name: max(held.get(name, 0), wanted.get(name, 0)) for name in sorted(held | wanted)}


def _added(held: Terms, now: Terms, catalog: Catalog, now_ms: int) -> list[Line]:
    """Return the lines of what is held from now on and was not before, for the rest of the period."""
    lines: list[Line] = []
    if now.contents.plan != held.contents.plan:
        added, given_back = catalog.plans[now.contents.plan], catalog.plans[held.contents.plan]
        lines.append(rest_line(added.name, 1, now.prices.plan_micros, held, now_ms))
        lines.append(rest_line(given_back.name, 1, -held.prices.plan_micros, held, now_ms))
    for name in catalog.add_ons:
        more = now.contents.add_ons.get(name, 0) - held.contents.add_ons.get(name, 0)
        if more > 0:
            lines.append(rest_line(catalog.add_ons[name].name, more, now.prices.add_on_micros[name], held, now_ms))
    return lines
