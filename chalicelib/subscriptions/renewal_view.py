"""The shape of what the next period costs, and of why it is owed or waits."""

import msgspec

from chalicelib import clock
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.clock import iso
from chalicelib.money import format_amount, format_micros
from chalicelib.payments.payment import Failure
from chalicelib.payments.view import PaymentLineView, view_lines
from chalicelib.subscriptions.dunning import access_end_ms, retry_at_ms
from chalicelib.subscriptions.price import Quote
from chalicelib.subscriptions.renewal import Renewal, next_renewal
from chalicelib.subscriptions.renewal_hold import HOLD_CAUSES
from chalicelib.subscriptions.subscription import RENEWED, Subscription


class AddedTaxView(msgspec.Struct):
    """The tax that is added to the lines. `rate` is in percent."""

    name: str
    rate: str
    amount: str


class QuoteView(msgspec.Struct):
    """What a card is charged: the sum of the lines, plus the tax if the country's prices do not include it.

    `carried` is too little for a card; it is added to the next charge.
    """

    amount: str
    currency: str
    lines: list[PaymentLineView]
    tax: AddedTaxView | None
    carried: str


class RenewalView(msgspec.Struct):
    """When the next period is charged, and how much."""

    at: str
    charge: QuoteView


class OwedView(msgspec.Struct):
    """A renewal that was not paid: since when, why, and when it is retried automatically.

    `next_attempt_at` is null if only the customer can help, or an attempt is in progress. `access_until` is set after
    the last attempt. `access_ends_at` is when access ends if nobody pays: expected while it is retried, then the same
    as `access_until`; null while the renewal is `held`.
    """

    since: str
    charge: QuoteView | None
    failure: Failure | None
    attempts: int
    next_attempt_at: str | None
    access_until: str | None
    access_ends_at: str | None


class HeldView(msgspec.Struct):
    """A renewal that waits, by no fault of the customer's: why, and since when. Access stays as it is.

    `not_connected`: until the workspace's Stripe connection works. Otherwise until the operator has corrected the
    catalog.
    """

    since: str
    reason: str
    detail: str


def view_next_renewal(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> RenewalView | None:
    """Show when the next period is charged; None if nothing more is charged by itself, or not now."""
    if subscription.status not in RENEWED or subscription.cancel_at_period_end or subscription.held:
        return None
    renewal = _next_period(subscription, catalog, tax)
    if renewal is None:
        return None
    return RenewalView(iso(renewal.terms.period_start_ms), view_quote(renewal.quote, subscription.currency))


def view_owed(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> OwedView:
    """Show the period that is owed."""
    renewal = _next_period(subscription, catalog, tax)
    return OwedView(
        since=iso(subscription.past_due_since_ms or subscription.updated_at_ms),
        charge=view_quote(renewal.quote, subscription.currency) if renewal else None,
        failure=subscription.failure,
        attempts=subscription.attempt,
        next_attempt_at=optional_iso(retry_at_ms(subscription)),
        access_until=optional_iso(subscription.access_until_ms),
        access_ends_at=optional_iso(access_end_ms(subscription, catalog.dunning, clock.now_ms())),
    )


def view_held(subscription: Subscription) -> HeldView | None:
    """Show why the renewal waits, if it does."""
    held = subscription.held
    return HeldView(iso(held.since_ms), held.reason, held.detail) if held else None


def view_quote(quoted: Quote, currency: str) -> QuoteView:
    """Show a quote."""
    return QuoteView(
        amount=format_amount(quoted.charge_micros, currency),
        currency=currency,
        lines=view_lines(quoted.lines, currency),
        tax=_added_tax(quoted, currency),
        carried=format_amount(quoted.carried_micros, currency),
    )


def _next_period(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> Renewal | None:
    """Return the next period; None if something in it is not in the catalog, so that it is held."""
    try:
        return next_renewal(subscription, catalog, tax)
    except HOLD_CAUSES:
        return None


def _added_tax(quoted: Quote, currency: str) -> AddedTaxView | None:
    tax, added_micros = quoted.tax, quoted.added_tax_micros
    if tax is None or not added_micros:
        return None
    return AddedTaxView(tax.name, format_micros(tax.rate_micros * 100), format_amount(added_micros, currency))


def optional_iso(moment_ms: int | None) -> str | None:
    """Show a moment, if there is one."""
    return None if moment_ms is None else iso(moment_ms)
