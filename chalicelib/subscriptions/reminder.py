"""Reminders before a subscription is charged: 30 days before a yearly renewal, and 3 days before a trial ends. Pure.

That a reminder is due is noted on the row, once for the moment of a charge, and its stream makes the event of that. A
year that begins after a pause is charged at the pause's end.
"""

from typing import Final

from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.payments.payment import DAY_MS
from chalicelib.subscriptions.pause import next_period_ms
from chalicelib.subscriptions.price import plan_of
from chalicelib.subscriptions.renewal import Renewal, chargeable_renewal
from chalicelib.subscriptions.renewal_hold import HOLD_CAUSES
from chalicelib.subscriptions.subscription import RENEWED, Subscription, Terms

BEFORE_RENEWAL_MS: Final = 30 * DAY_MS
BEFORE_TRIAL_ENDS_MS: Final = 3 * DAY_MS
YEAR_MONTHS: Final = 12
SHORTEST_YEAR_MS: Final = 360 * DAY_MS


def reminder_at_ms(subscription: Subscription, now_ms: int) -> int | None:
    """Return when a reminder of the next charge is due; None if there is none, it was made, or the charge is due.

    A trial that is shorter than the notice has none.
    """
    charged_ms, before_ms = next_period_ms(subscription), _before_ms(subscription)
    if before_ms is None or now_ms >= charged_ms or subscription.reminded_of_ms == charged_ms:
        return None
    at_ms = charged_ms - before_ms
    return at_ms if at_ms > subscription.terms.period_start_ms else None


def _before_ms(subscription: Subscription) -> int | None:
    if subscription.pending or not _goes_on(subscription):
        return None
    if subscription.status == "trialing":
        return BEFORE_TRIAL_ENDS_MS
    return BEFORE_RENEWAL_MS if _is_yearly(subscription.terms) else None


def _goes_on(subscription: Subscription) -> bool:
    return subscription.status in RENEWED and not subscription.cancel_at_period_end


def _is_yearly(terms: Terms) -> bool:
    return terms.period_end_ms - terms.period_start_ms >= SHORTEST_YEAR_MS


def is_reminder_due(subscription: Subscription, now_ms: int) -> bool:
    """Tell whether a reminder is due, if there is a charge to remind of."""
    at_ms = reminder_at_ms(subscription, now_ms)
    return at_ms is not None and at_ms <= now_ms


def upcoming_charge(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> Renewal | None:
    """Return the charge that a reminder is about; None if it will not be made then, or is no longer for a year."""
    if not _goes_on(subscription):
        return None
    try:
        renewal = chargeable_renewal(subscription, catalog, tax)
    except HOLD_CAUSES:
        return None
    months = plan_of(renewal.terms.contents, subscription.currency, catalog).months
    is_worth_it = subscription.status == "trialing" or (months >= YEAR_MONTHS and _is_yearly(subscription.terms))
    return renewal if is_worth_it and renewal.quote.charge_micros else None


def note_reminder(subscription: Subscription, catalog: Catalog, now_ms: int, tax: Tax | None) -> Subscription:
    """Return a subscription with the note that its reminder is due, if it is."""
    if not is_reminder_due(subscription, now_ms) or upcoming_charge(subscription, catalog, tax) is None:
        return subscription
    return replace(subscription, reminded_of_ms=next_period_ms(subscription))
