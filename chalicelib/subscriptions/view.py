"""The shape of subscriptions in answers."""

import msgspec

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.table import AccountRow
from chalicelib.accounts.tax import tax_of
from chalicelib.accounts.viewer import Viewer
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.clock import iso
from chalicelib.money import format_amount, format_micros
from chalicelib.payments.payment import Failure
from chalicelib.payments.view import (
    Authentication,
    PaymentLineView,
    PaymentView,
    view_authentication,
    view_lines,
    view_payment,
)
from chalicelib.subscriptions import table
from chalicelib.subscriptions.cancellation import Cancellation, Reason
from chalicelib.subscriptions.change import ChangeResult
from chalicelib.subscriptions.charge_now import ChargeResult
from chalicelib.subscriptions.price import Quote
from chalicelib.subscriptions.renewal import Renewal, next_renewal
from chalicelib.subscriptions.renewal_hold import HOLD_CAUSES
from chalicelib.subscriptions.subscription import (
    OWING,
    RUNNING,
    Contents,
    PendingPayment,
    Purpose,
    Status,
    Subscription,
)
from chalicelib.subscriptions.table import SubscriptionRow
from chalicelib.tables import Rows, read_rows


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


class ContentsView(msgspec.Struct):
    """A plan, and how many of each add-on."""

    plan: str
    add_ons: dict[str, int]


class PendingView(msgspec.Struct):
    """A payment that has not ended, and what the subscription holds once it succeeds."""

    payment_id: str
    purpose: Purpose
    plan: str
    add_ons: dict[str, int]


class OwedView(msgspec.Struct):
    """A renewal that was not paid: since when, why, and when it is retried automatically, if it is."""

    since: str
    charge: QuoteView | None
    failure: Failure | None
    attempts: int
    next_attempt_at: str | None
    access_until: str | None


class HeldView(msgspec.Struct):
    """A renewal that waits, by no fault of the customer's: why, and since when. Access stays as it is.

    `not_connected`: until the workspace's Stripe connection works. Otherwise until the operator has corrected the
    catalog.
    """

    since: str
    reason: str
    detail: str


class CancellationView(msgspec.Struct):
    """What was said when it was canceled, by whom and when."""

    reason: Reason | None
    comment: str | None
    actor: ShownName
    at: str


class SubscriptionView(msgspec.Struct):
    """A subscription: what it holds, for which period, and what follows.

    `scheduled` is what it holds from the next period on, if that differs. `next_renewal` is null if nothing more is
    charged, and while a period is owed or the renewal is `held`. `cancellation` is for the operator alone, and null
    for everybody else.
    """

    status: Status
    plan: str
    add_ons: dict[str, int]
    currency: str
    period_start: str
    period_end: str
    trial_end: str | None
    cancel_at_period_end: bool
    started_at: str | None
    ended_at: str | None
    scheduled: ContentsView | None
    pending: PendingView | None
    owed: OwedView | None
    next_renewal: RenewalView | None
    held: HeldView | None
    in_use: dict[str, int]
    cancellation: CancellationView | None


class ChangeView(msgspec.Struct):
    """The result of a change, or of its preview: the subscription after the change, and what is charged now.

    `payment` is null if nothing is charged. `authentication` is what the browser has to do.
    """

    preview: bool
    subscription: SubscriptionView
    charge: QuoteView
    payment: PaymentView | None
    authentication: Authentication | None


class PaidView(msgspec.Struct):
    """A subscription, the payment of the period that it owed, and what the browser has to do, if anything.

    `payment` is null if the renewal costs nothing by now.
    """

    subscription: SubscriptionView
    payment: PaymentView | None
    authentication: Authentication | None


def load_subscription_view(account_id: str, catalog: Catalog) -> SubscriptionView | None:
    """Load an account's subscription in the shape of an answer; None if it has none."""
    rows = read_rows({SubscriptionRow: [account_id], AccountRow: [account_id]})
    return view_subscription_in(rows, accounts.get_in(rows, account_id), catalog)


def view_subscription_in(rows: Rows, account: Account, catalog: Catalog) -> SubscriptionView | None:
    """Show the subscription of an account among rows that were read; None if it has none."""
    found = table.find_in(rows, account.account_id)
    if found is None or not found.exists:
        return None
    return view_subscription(found, catalog, tax_of(account, catalog))


def view_subscription(
    subscription: Subscription, catalog: Catalog, tax: Tax | None, *, operator: Viewer | None = None
) -> SubscriptionView:
    """Show a subscription; `tax` is the account's. Only an `operator` reads what was said when it was canceled."""
    terms = subscription.terms
    return SubscriptionView(
        status=subscription.status,
        plan=terms.contents.plan,
        add_ons=terms.contents.add_ons,
        currency=subscription.currency,
        period_start=iso(terms.period_start_ms),
        period_end=iso(terms.period_end_ms),
        trial_end=_optional_iso(subscription.trial_end_ms),
        cancel_at_period_end=subscription.cancel_at_period_end,
        started_at=_optional_iso(subscription.started_at_ms),
        ended_at=_optional_iso(subscription.ended_at_ms),
        scheduled=_contents(subscription.scheduled),
        pending=_pending(subscription.pending),
        owed=_owed(subscription, catalog, tax) if subscription.status in OWING else None,
        next_renewal=_next_renewal(subscription, catalog, tax),
        held=_held(subscription),
        in_use=subscription.in_use,
        cancellation=_cancellation(subscription.cancellation, operator) if operator else None,
    )


def view_change(result: ChangeResult, catalog: Catalog, viewer: Viewer, *, is_preview: bool) -> ChangeView:
    """Show the result of a change to somebody."""
    return ChangeView(
        preview=is_preview,
        subscription=view_subscription(result.subscription, catalog, result.tax),
        charge=view_quote(result.quote, result.subscription.currency),
        payment=view_payment(result.resolved.payment, viewer) if result.resolved else None,
        authentication=view_authentication(result.resolved) if result.resolved else None,
    )


def view_paid(charged: ChargeResult, catalog: Catalog, tax: Tax | None, viewer: Viewer) -> PaidView:
    """Show the payment of a period that was owed."""
    resolved, shown = charged.resolved, view_subscription(charged.subscription, catalog, tax)
    if resolved is None:
        return PaidView(shown, None, None)
    return PaidView(shown, view_payment(resolved.payment, viewer), view_authentication(resolved))


def view_quote(quoted: Quote, currency: str) -> QuoteView:
    """Show a quote."""
    return QuoteView(
        amount=format_amount(quoted.charge_micros, currency),
        currency=currency,
        lines=view_lines(quoted.lines, currency),
        tax=_added_tax(quoted, currency),
        carried=format_amount(quoted.carried_micros, currency),
    )


def _added_tax(quoted: Quote, currency: str) -> AddedTaxView | None:
    tax, added_micros = quoted.tax, quoted.added_tax_micros
    if tax is None or not added_micros:
        return None
    return AddedTaxView(tax.name, format_micros(tax.rate_micros * 100), format_amount(added_micros, currency))


def _owed(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> OwedView:
    renewal = _next_period(subscription, catalog, tax)
    return OwedView(
        since=iso(subscription.past_due_since_ms or subscription.updated_at_ms),
        charge=view_quote(renewal.quote, subscription.currency) if renewal else None,
        failure=subscription.failure,
        attempts=subscription.attempt,
        next_attempt_at=_optional_iso(subscription.due_at_ms),
        access_until=_optional_iso(subscription.access_until_ms),
    )


def _next_renewal(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> RenewalView | None:
    if subscription.status not in RUNNING or subscription.cancel_at_period_end or subscription.held:
        return None
    renewal = _next_period(subscription, catalog, tax)
    if renewal is None:
        return None
    return RenewalView(iso(renewal.terms.period_start_ms), view_quote(renewal.quote, subscription.currency))


def _next_period(subscription: Subscription, catalog: Catalog, tax: Tax | None) -> Renewal | None:
    """Return the next period; None if something in it is not in the catalog, so that it is held."""
    try:
        return next_renewal(subscription, catalog, tax)
    except HOLD_CAUSES:
        return None


def _held(subscription: Subscription) -> HeldView | None:
    held = subscription.held
    return HeldView(iso(held.since_ms), held.reason, held.detail) if held else None


def _cancellation(said: Cancellation | None, operator: Viewer) -> CancellationView | None:
    if said is None:
        return None
    return CancellationView(said.reason, said.comment, operator.name_of(said.actor, said.at_ms), iso(said.at_ms))


def _contents(contents: Contents | None) -> ContentsView | None:
    return ContentsView(contents.plan, contents.add_ons) if contents else None


def _pending(pending: PendingPayment | None) -> PendingView | None:
    if pending is None:
        return None
    contents = pending.terms.contents
    return PendingView(pending.payment_id, pending.purpose, contents.plan, contents.add_ons)


def _optional_iso(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else iso(moment_ms)
