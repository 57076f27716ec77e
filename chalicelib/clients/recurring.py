"""What is charged to an account again and again without anybody asking: its subscription and its auto-pay. Pure."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax, minor_unit_micros
from chalicelib.money import round_half_up
from chalicelib.payments.line import Line
from chalicelib.subscriptions.dunning import charge_again_ms
from chalicelib.subscriptions.price import is_in_catalog, period_lines, total_micros
from chalicelib.subscriptions.renewal import Renewal, next_renewal
from chalicelib.subscriptions.renewal_hold import HOLD_CAUSES
from chalicelib.subscriptions.subscription import OWING, Contents, Subscription, Terms

State = Literal["renews", "paused", "ends", "owed", "held", "first_payment"]
"""What follows: it is charged at its period's end, at its pause's end, or not any more; a period is owed; its renewal
waits for the operator; it begins with a payment that has not ended."""


class RecurringSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription by what it still costs.

    `lines` are what is charged for a whole period, in the contents and at the prices of the next one, if there is one;
    none if the catalog does not have them any more. `price_micros` is their sum with the tax that is added, and
    `month_micros` the share of a month in it, zero if nothing is charged any more. The next charge may differ, by what
    is carried. `next_charge_at_ms` is None while nothing is charged by itself. What is owed `is_being_paid` while a
    payment for it has not ended.
    """

    state: State
    contents: Contents
    scheduled: Contents | None
    lines: tuple[Line, ...]
    months: int
    price_micros: int
    month_micros: int
    next_charge_at_ms: int | None = None
    next_charge_micros: int | None = None
    ends_at_ms: int | None = None
    is_being_paid: bool = False


class Refills(msgspec.Struct, frozen=True, kw_only=True):
    """Auto-pay by what it may still charge. Its `status` is `off` while a last refill has not ended."""

    status: Literal["on", "suspended", "off"]
    threshold_micros: int
    amount_micros: int
    monthly_limit_micros: int | None
    in_flight_payment_id: str | None


class RecurringCharges(msgspec.Struct, frozen=True):
    """What an account is charged again and again."""

    account: Account
    subscription: RecurringSubscription | None
    refills: Refills | None

    @property
    def exist(self) -> bool:
        """Tell whether there are any."""
        return self.subscription is not None or self.refills is not None

    @property
    def month_micros(self) -> int:
        """Return what is charged for a month whatever is used: refills of the balance are not counted."""
        return self.subscription.month_micros if self.subscription else 0


def recurring_charges(
    account: Account, subscription: Subscription | None, auto_pay: AutoPay | None, catalog: Catalog, tax: Tax | None
) -> RecurringCharges:
    """Return what an account, which pays a tax, is charged again and again."""
    is_running = subscription is not None and subscription.exists and subscription.status != "canceled"
    found = _of_subscription(subscription, catalog, tax) if is_running and subscription else None
    return RecurringCharges(account, found, _refills(auto_pay) if auto_pay else None)


def sum_months(charges: Iterable[RecurringCharges]) -> int:
    """Return what is charged for a month in all."""
    return sum(each.month_micros for each in charges)


def month_share_micros(price_micros: int, months: int, currency: str) -> int:
    """Return the share of a month in the price of a period, rounded half up to the smallest coin."""
    if months == 1:
        return price_micros
    coin = minor_unit_micros(currency)
    return round_half_up(price_micros, months * coin) * coin


def _of_subscription(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> RecurringSubscription:
    state = _state(subscription)
    renewal = _next_renewal(subscription, catalog, tax) if state in {"renews", "paused", "owed", "held"} else None
    if renewal is None and state in {"renews", "paused"}:
        state = "held"
    terms = renewal.terms if renewal else _terms(subscription)
    currency = subscription.currency
    is_sold = is_in_catalog(terms.contents, currency, catalog)
    lines = tuple(period_lines(terms, catalog)) if is_sold else ()
    net = total_micros(lines)
    price = net if tax is None or tax.inclusive else net + tax.added_to(net, currency)
    months = catalog.plans[terms.contents.plan].months if is_sold else 1
    is_charged = renewal is not None and state != "held"
    return RecurringSubscription(
        state=state,
        contents=_terms(subscription).contents,
        scheduled=subscription.scheduled,
        lines=lines,
        months=months,
        price_micros=price,
        month_micros=0 if state == "ends" else month_share_micros(price, months, currency),
        next_charge_at_ms=_next_charge_at_ms(subscription, terms) if is_charged else None,
        next_charge_micros=renewal.quote.charge_micros if renewal and is_charged else None,
        ends_at_ms=subscription.canceled_end_ms if state == "ends" else None,
        is_being_paid=state == "owed" and subscription.pending is not None,
    )


def _state(subscription: Subscription) -> State:
    if subscription.cancel_at_period_end:
        return "ends"
    if subscription.status == "incomplete":
        return "first_payment"
    if subscription.held:
        return "held"
    if subscription.status in OWING:
        return "owed"
    return "paused" if subscription.status == "paused" else "renews"


def _next_renewal(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> Renewal | None:
    try:
        return next_renewal(subscription, catalog, tax)
    except HOLD_CAUSES:
        return None


def _terms(subscription: Subscription) -> Terms:
    """Return the terms of now, or those that the first payment is for."""
    pending = subscription.pending
    return pending.terms if pending and subscription.status == "incomplete" else subscription.terms


def _next_charge_at_ms(subscription: Subscription, terms: Terms) -> int | None:
    """Return when the next period is charged, or again if it is owed; None if it is not charged by itself."""
    return charge_again_ms(subscription) if subscription.status in OWING else terms.period_start_ms


def _refills(auto_pay: AutoPay) -> Refills | None:
    if not auto_pay.enabled and auto_pay.in_flight_payment_id is None:
        return None
    is_on: Literal["on", "suspended"] = "suspended" if auto_pay.is_suspended else "on"
    return Refills(
        status=is_on if auto_pay.enabled else "off",
        threshold_micros=auto_pay.threshold_micros,
        amount_micros=auto_pay.amount_micros,
        monthly_limit_micros=auto_pay.monthly_limit_micros,
        in_flight_payment_id=auto_pay.in_flight_payment_id,
    )
