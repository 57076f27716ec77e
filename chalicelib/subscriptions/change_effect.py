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
from chalicelib.subscriptions.subscription import Contents, Purpose, Subscription, Terms, Trial
from chalicelib.subscriptions.trial import (
    held_in_trial,
    is_free,
    moves_in_trial,
    trial_lines,
    trial_of,
    trial_prices,
    trial_within,
    unused_in_trial,
)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A change: the terms from now on, what is charged for them, and what follows at the period's end, if anything.

    `trial` is there if what follows is a trial. With `needs_card` it costs something, be it that little that it is
    carried to the next charge.
    """

    purpose: Purpose
    terms: Terms
    quote: Quote
    scheduled: Contents | None = None
    trial: Trial | None = None
    needs_card: bool = False

    @property
    def trial_end_ms(self) -> int | None:
        """Return when the trial ends that follows; None where none does."""
        return self.terms.period_end_ms if self.trial else None


def start(
    wanted: Contents, *, with_trial: bool, currency: str, catalog: Catalog, now_ms: int, tax: Tax | None = None
) -> Difference:
    """Begin a subscription: its first period is charged at once, or, in a trial, what that is not free for."""
    plan = plan_of(wanted, currency, catalog)
    if with_trial and plan.trial_days:
        end_ms, trial = now_ms + plan.trial_days * DAY_MS, trial_of(wanted, currency, catalog)
        terms = trial_period(wanted, trial_prices(wanted, currency, catalog), now_ms, end_ms)
        lines = trial_lines(terms, None, trial, currency, catalog=catalog, now_ms=now_ms)
        quoted = _quoted(0, lines, currency, catalog, tax)
        return Difference(purpose="start", terms=terms, quote=quoted, trial=trial, needs_card=bool(lines))
    terms = first_period(wanted, prices_of(wanted, currency, catalog), now_ms, plan.months)
    quoted = quote(period_lines(terms, catalog), 0, currency, catalog, tax)
    return Difference(purpose="start", terms=terms, quote=quoted)


def difference(
    current: Subscription, wanted: Contents, catalog: Catalog, now_ms: int, tax: Tax | None = None
) -> Difference:
    """Change a running subscription.

    More of an add-on and a plan that costs at least as much take effect now, for the price of the days that are left.
    Less, and a cheaper plan, take effect at the period's end. A plan with a longer interval begins a new period now,
    in which what is left of the old one is given back; a shorter one waits for the period's end.
    """
    currency, terms = current.currency, current.terms
    if current.status == "trialing":
        return _change_in_trial(current, wanted, catalog, now_ms, tax)
    held_plan, wanted_plan = plan_of(terms.contents, currency, catalog), plan_of(wanted, currency, catalog)
    if wanted_plan.months > held_plan.months:
        anew = first_period(wanted, prices_of(wanted, currency, catalog), now_ms, wanted_plan.months)
        lines = period_lines(anew, catalog) + unused_lines(terms, catalog, now_ms)
        if total(lines) > 0:
            return Difference(
                purpose="change", terms=anew, quote=_quoted(current.carried_micros, lines, currency, catalog, tax)
            )
    dearer = wanted_plan.amounts_micros[currency] >= terms.prices.plan_micros
    plan = wanted.plan if wanted_plan.months == held_plan.months and dearer else terms.contents.plan
    contents = Contents(plan, _at_least(terms.contents.add_ons, wanted.add_ons))
    now = replace(terms, contents=contents, prices=prices_of(contents, currency, catalog, held=terms))
    quoted = _quoted(current.carried_micros, _added(terms, now, catalog, now_ms), currency, catalog, tax)
    return Difference(purpose="change", terms=now, quote=quoted, scheduled=None if contents == wanted else wanted)


def at_the_end(current: Subscription, wanted: Contents, catalog: Catalog) -> Difference:
    """Let all of a change wait for the period's end: what is held has no price, or its period is over."""
    return Difference(
        purpose="change",
        terms=current.terms,
        quote=Quote(0, current.carried_micros, ()),
        scheduled=None if wanted == current.terms.contents else wanted,
        trial=trial_within(current, catalog) if current.status == "trialing" else None,
    )


def _change_in_trial(
    current: Subscription, wanted: Contents, catalog: Catalog, now_ms: int, tax: Tax | None
) -> Difference:
    """Change a trial: at once and for nothing what it is free for, and else as the catalog says.

    What was paid until the trial's end is kept until then. Less is charged for a dearer plan than was paid for add-ons
    that are to go: then it waits for the trial's end.
    """
    currency, held, trial = current.currency, current.terms, trial_within(current, catalog)
    moves = moves_in_trial(wanted, held, trial, currency, catalog)
    if catalog.trials.dearer_plan == "ends_trial" and not (
        wanted.plan == held.contents.plan or is_free(wanted, trial, currency, catalog)
    ):
        months = plan_of(wanted, currency, catalog).months
        anew = first_period(wanted, prices_of(wanted, currency, catalog), now_ms, months)
        lines = period_lines(anew, catalog) + unused_in_trial(held, trial, catalog, now_ms)
        if total(lines) > 0:
            quoted = _quoted(current.carried_micros, lines, currency, catalog, tax)
            return Difference(purpose="change", terms=anew, quote=quoted, needs_card=True)
        moves = False
    plan = wanted.plan if moves else held.contents.plan
    contents = Contents(plan, held_in_trial(held.contents.add_ons, wanted.add_ons, trial))
    now = replace(held, contents=contents, prices=trial_prices(contents, currency, catalog, held))
    lines = trial_lines(now, held, trial, currency, catalog=catalog, now_ms=now_ms)
    return Difference(
        purpose="change",
        terms=now,
        quote=_quoted(current.carried_micros, lines, currency, catalog, tax),
        scheduled=None if contents == wanted else wanted,
        trial=trial,
        needs_card=bool(lines),
    )


def _quoted(carried_micros: int, lines: Sequence[Line], currency: str, catalog: Catalog, tax: Tax | None) -> Quote:
    """Say what is charged for the lines of a change; without any, nothing is, and what is carried stays so."""
    if not lines:
        return Quote(0, carried_micros, ())
    return quote(lines, carried_micros, currency, catalog, tax)


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
