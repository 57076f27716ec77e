"""The effect of a change: what takes effect now, what that costs, and what waits for the period's end. Pure."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.payments.line import Line
from chalicelib.payments.payment import DAY_MS, Payment
from chalicelib.subscriptions.payment_outcomes import apply_pending
from chalicelib.subscriptions.period import first_period, trial_period
from chalicelib.subscriptions.price import (
    Quote,
    period_lines,
    plan_of,
    prices_of,
    prorated_line,
    quote,
    total_micros,
    unused_lines,
)
from chalicelib.subscriptions.renewal import RECHECK_MS
from chalicelib.subscriptions.subscription import Contents, PendingPayment, Purpose, Subscription, Terms, Trial
from chalicelib.subscriptions.trial import (
    add_ons_in_trial,
    is_free,
    offered_trial,
    running_trial,
    takes_effect_in_trial,
    trial_lines,
    trial_prices,
    unused_trial_lines,
)


class ChangeEffect(msgspec.Struct, frozen=True, kw_only=True):
    """The terms from now on, what is charged for them, and the contents from the period's end on, if they differ.

    `trial` is set if the terms are a trial. `needs_card` is set in a trial if the change costs something, even if that
    is too little to be charged now and is carried to the next charge.
    """

    purpose: Purpose
    terms: Terms
    quote: Quote
    scheduled: Contents | None = None
    trial: Trial | None = None
    needs_card: bool = False

    @property
    def trial_end_ms(self) -> int | None:
        """Return when the trial ends; None if the new terms are not a trial."""
        return self.terms.period_end_ms if self.trial else None


def start_effect(
    wanted: Contents, *, with_trial: bool, currency: str, catalog: Catalog, now_ms: int, tax: Tax | None = None
) -> ChangeEffect:
    """Return the effect of a start: the whole first period is charged, or, in a trial, what it does not include."""
    plan = plan_of(wanted, currency, catalog)
    if with_trial and plan.trial_days:
        end_ms, trial = now_ms + plan.trial_days * DAY_MS, offered_trial(wanted, currency, catalog)
        terms = trial_period(wanted, trial_prices(wanted, currency, catalog), now_ms, end_ms)
        lines = trial_lines(terms, None, trial, currency, catalog=catalog, now_ms=now_ms)
        quoted = _quote_lines(0, lines, currency, catalog, tax)
        return ChangeEffect(purpose="start", terms=terms, quote=quoted, trial=trial, needs_card=bool(lines))
    terms = first_period(wanted, prices_of(wanted, currency, catalog), now_ms, plan.months)
    quoted = quote(period_lines(terms, catalog), 0, currency, catalog, tax)
    return ChangeEffect(purpose="start", terms=terms, quote=quoted)


def change_effect(
    current: Subscription, wanted: Contents, catalog: Catalog, now_ms: int, tax: Tax | None = None
) -> ChangeEffect:
    """Return the effect of changing a running subscription.

    More of an add-on, and a plan that costs at least as much, take effect now, at the price for the remaining days.
    Fewer of an add-on, and a cheaper plan, take effect at the period's end. A plan with a longer interval begins a new
    period now, and the unused rest of the old one is given back, unless that rest is worth as much: then it waits for
    the period's end, as a plan with a shorter interval does.
    """
    currency, terms = current.currency, current.terms
    if current.status == "trialing":
        return _trial_effect(current, wanted, catalog, now_ms, tax)
    held_plan, wanted_plan = plan_of(terms.contents, currency, catalog), plan_of(wanted, currency, catalog)
    if wanted_plan.months > held_plan.months:
        new_terms = first_period(wanted, prices_of(wanted, currency, catalog), now_ms, wanted_plan.months)
        lines = period_lines(new_terms, catalog) + unused_lines(terms, catalog, now_ms)
        if total_micros(lines) > 0:
            return ChangeEffect(
                purpose="change",
                terms=new_terms,
                quote=_quote_lines(current.carried_micros, lines, currency, catalog, tax),
            )
    dearer = wanted_plan.amounts_micros[currency] >= terms.prices.plan_micros
    plan = wanted.plan if wanted_plan.months == held_plan.months and dearer else terms.contents.plan
    contents = Contents(plan, _larger_numbers(terms.contents.add_ons, wanted.add_ons))
    terms_now = replace(terms, contents=contents, prices=prices_of(contents, currency, catalog, current=terms))
    quoted = _quote_lines(
        current.carried_micros, _added_lines(terms, terms_now, catalog, now_ms), currency, catalog, tax
    )
    return ChangeEffect(
        purpose="change", terms=terms_now, quote=quoted, scheduled=None if contents == wanted else wanted
    )


def deferred_effect(current: Subscription, wanted: Contents, catalog: Catalog) -> ChangeEffect:
    """Return the effect of a change that waits entirely for the period's end.

    This is for a subscription that is paused, or whose contents have no price in the catalog, or whose period is over
    while its renewal is held.
    """
    return ChangeEffect(
        purpose="change",
        terms=current.terms,
        quote=Quote(0, current.carried_micros, ()),
        scheduled=None if wanted == current.terms.contents else wanted,
        trial=running_trial(current, catalog) if current.status == "trialing" else None,
    )


def _trial_effect(
    current: Subscription, wanted: Contents, catalog: Catalog, now_ms: int, tax: Tax | None
) -> ChangeEffect:
    """Return the effect of a change during a trial. What it includes is free at once; the catalog decides on the rest.

    What was paid until the trial's end is kept until then. If a dearer plan would cost no more than what is given back
    for add-ons, it waits for the trial's end.
    """
    currency, terms, trial = current.currency, current.terms, running_trial(current, catalog)
    takes_effect = takes_effect_in_trial(wanted, terms, trial, currency, catalog)
    if catalog.trials.dearer_plan == "ends_trial" and not (
        wanted.plan == terms.contents.plan or is_free(wanted, trial, currency, catalog)
    ):
        months = plan_of(wanted, currency, catalog).months
        new_terms = first_period(wanted, prices_of(wanted, currency, catalog), now_ms, months)
        lines = period_lines(new_terms, catalog) + unused_trial_lines(terms, trial, catalog, now_ms)
        if total_micros(lines) > 0:
            quoted = _quote_lines(current.carried_micros, lines, currency, catalog, tax)
            return ChangeEffect(purpose="change", terms=new_terms, quote=quoted, needs_card=True)
        takes_effect = False
    plan = wanted.plan if takes_effect else terms.contents.plan
    contents = Contents(plan, add_ons_in_trial(terms.contents.add_ons, wanted.add_ons, trial))
    terms_now = replace(terms, contents=contents, prices=trial_prices(contents, currency, catalog, terms))
    lines = trial_lines(terms_now, terms, trial, currency, catalog=catalog, now_ms=now_ms)
    return ChangeEffect(
        purpose="change",
        terms=terms_now,
        quote=_quote_lines(current.carried_micros, lines, currency, catalog, tax),
        scheduled=None if contents == wanted else wanted,
        trial=trial,
        needs_card=bool(lines),
    )


def _quote_lines(carried_micros: int, lines: Sequence[Line], currency: str, catalog: Catalog, tax: Tax | None) -> Quote:
    """Return the quote of a change's lines; without lines nothing is charged, and what is carried stays carried."""
    if not lines:
        return Quote(0, carried_micros, ())
    return quote(lines, carried_micros, currency, catalog, tax)


def _larger_numbers(current: dict[str, int], wanted: dict[str, int]) -> dict[str, int]:
    return {name: max(current.get(name, 0), wanted.get(name, 0)) for name in sorted(current | wanted)}


def _added_lines(before: Terms, after: Terms, catalog: Catalog, now_ms: int) -> list[Line]:
    """Return the lines of what is added, for the rest of the period."""
    lines: list[Line] = []
    if after.contents.plan != before.contents.plan:
        added, given_back = catalog.plans[after.contents.plan], catalog.plans[before.contents.plan]
        lines.append(prorated_line(added.name, 1, after.prices.plan_micros, before, now_ms))
        lines.append(prorated_line(given_back.name, 1, -before.prices.plan_micros, before, now_ms))
    for name in catalog.add_ons:
        more = after.contents.add_ons.get(name, 0) - before.contents.add_ons.get(name, 0)
        if more > 0:
            lines.append(
                prorated_line(catalog.add_ons[name].name, more, after.prices.add_on_micros[name], before, now_ms)
            )
    return lines


def apply_effect(
    effect: ChangeEffect,
    account: Account,
    current: Subscription | None,
    *,
    actor: str,
    now_ms: int,
    payment: Payment | None = None,
) -> Subscription:
    """Return the subscription as it is written: waiting for the payment of the change, or changed if there is none."""
    before = current or Subscription(
        account_id=account.account_id,
        currency=account.currency,
        status="incomplete",
        terms=effect.terms,
        actor=actor,
        updated_at_ms=now_ms,
    )
    updated = replace(before, actor=actor, updated_at_ms=now_ms, version=before.version + 1)
    if before.status == "paused":
        return replace(updated, scheduled=effect.scheduled)
    pending = PendingPayment(
        payment_id=payment.payment_id if payment else "",
        purpose=effect.purpose,
        terms=effect.terms,
        carried_micros=effect.quote.carried_micros,
        scheduled=effect.scheduled,
        trial=effect.trial,
    )
    if payment:
        return replace(updated, pending=pending, due_at_ms=now_ms + RECHECK_MS)
    return apply_pending(updated, pending, now_ms)
