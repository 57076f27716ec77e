"""The shape of subscriptions in answers."""

import msgspec
from msgspec.structs import asdict

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.table import AccountRow
from chalicelib.accounts.tax import tax_of
from chalicelib.accounts.viewer import Viewer
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.clock import iso
from chalicelib.errors import Refusal
from chalicelib.payments.view import (
    Authentication,
    PaymentView,
    view_authentication,
    view_payment,
)
from chalicelib.subscriptions import table
from chalicelib.subscriptions.cancellation import Cancellation, Reason
from chalicelib.subscriptions.change import ChangeResult
from chalicelib.subscriptions.charge_now import ChargeResult
from chalicelib.subscriptions.check_pause import pausable_days
from chalicelib.subscriptions.renewal_view import (
    HeldView,
    OwedView,
    QuoteView,
    RenewalView,
    optional_iso,
    view_held,
    view_next_renewal,
    view_owed,
    view_quote,
)
from chalicelib.subscriptions.subscription import (
    OWING,
    Contents,
    PendingPayment,
    Purpose,
    Status,
    Subscription,
)
from chalicelib.subscriptions.table import SubscriptionRow
from chalicelib.tables import Rows, read_rows


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


class CancellationView(msgspec.Struct):
    """What was said when it was canceled, by whom and when."""

    reason: Reason | None
    comment: str | None
    actor: ShownName
    at: str


class PauseView(msgspec.Struct, rename={"start": "from"}):
    """A pause, from the period's end until the next period begins. The `reason` is for the operator alone."""

    start: str
    until: str
    reason: str | None


class PausableView(msgspec.Struct):
    """The first and the last day until which it can be paused."""

    earliest: str
    latest: str


class SubscriptionView(msgspec.Struct):
    """A subscription: what it holds, for which period, and what follows.

    `scheduled` is what it holds from the next period on, if that differs. `next_renewal` is null if nothing more is
    charged, and while a period is owed or the renewal is `held`. `cancellation` is for the operator alone, and null
    for everybody else. `pause` is one that is to come or has begun; `pausable` is null if it cannot be paused.
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
    pause: PauseView | None
    pausable: PausableView | None


class ResumedView(SubscriptionView):
    """A subscription that was resumed. If that ended a pause, `payment` is what was charged for the next period.

    `authentication` is what the browser has to do before that.
    """

    payment: PaymentView | None = None
    authentication: Authentication | None = None


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
        trial_end=optional_iso(subscription.trial_end_ms),
        cancel_at_period_end=subscription.cancel_at_period_end,
        started_at=optional_iso(subscription.started_at_ms),
        ended_at=optional_iso(subscription.ended_at_ms),
        scheduled=_contents(subscription.scheduled),
        pending=_pending(subscription.pending),
        owed=view_owed(subscription, catalog, tax) if subscription.status in OWING else None,
        next_renewal=view_next_renewal(subscription, catalog, tax),
        held=view_held(subscription),
        in_use=subscription.in_use,
        cancellation=_cancellation(subscription.cancellation, operator) if operator else None,
        pause=_pause(subscription, operator),
        pausable=_pausable(subscription, catalog),
    )


def view_resumed(charged: ChargeResult, shown: SubscriptionView, viewer: Viewer) -> ResumedView:
    """Show a subscription that was resumed, with the payment for that, if there is one."""
    resolved = charged.resolved
    return ResumedView(
        **asdict(shown),
        payment=view_payment(resolved.payment, viewer) if resolved else None,
        authentication=view_authentication(resolved) if resolved else None,
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


def _pause(subscription: Subscription, operator: Viewer | None) -> PauseView | None:
    pause = subscription.pause
    if pause is None:
        return None
    start, until = iso(subscription.terms.period_end_ms), iso(pause.until_ms)
    return PauseView(start, until, pause.reason if operator else None)


def _pausable(subscription: Subscription, catalog: Catalog) -> PausableView | None:
    try:
        days = pausable_days(subscription, catalog, clock.now_ms())
    except Refusal:
        return None
    return PausableView(days.earliest, days.latest)


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
