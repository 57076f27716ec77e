"""The content of an event: the `detail` of each type. These types are the schemas in docs/events.md. Pure."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib.auto_pay.auto_pay import SuspendedReason
from chalicelib.budgets.budget import Percent, Period
from chalicelib.cards.expiry import Notice as NoticeDays
from chalicelib.checks.finding import Kind as Checked
from chalicelib.invoices.invoice import Kind as Document
from chalicelib.payments.payment import Failure, Kind
from chalicelib.subscriptions.cancellation import Reason
from chalicelib.subscriptions.subscription import Status

SOURCE: Final = "billing-portal"
VERSION: Final = 1
"""The version of each detail. It rises when a field is removed or changes meaning; new fields may come at any time."""

Level = Literal["normal", "low", "exhausted"]
State = Literal["requires_action", "canceled", "failed", "succeeded"]
Amount = Annotated[str, Meta(description="A decimal string; it may be negative.", examples=["12.50"])]
Time = Annotated[str, Meta(description="ISO 8601 in UTC, with milliseconds.", examples=["2026-11-23T20:41:05.120Z"])]
Id = Annotated[
    str,
    Meta(description="The same whenever the same change is told again: drop an event whose id you have seen."),
]


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of every event."""

    id: Id
    version: Literal[1]
    account_id: str
    occurred_at: Time


class Wallet(Detail, frozen=True, kw_only=True):
    """A wallet's balance crossed its `threshold` (below it is `low`) or its `floor` (at or below it is `exhausted`).

    `sequence` is the number of transactions that the wallet had then: a higher one is later.
    """

    balance: Amount
    currency: str
    threshold: Amount
    floor: Amount
    level: Level
    previous_level: Level
    sequence: int


class PaidWith(msgspec.Struct, frozen=True):
    """The card."""

    brand: str
    last_four: str


class Payment(Detail, frozen=True, kw_only=True):
    """A payment changed its state. `failure` says why it failed or was canceled."""

    payment_id: str
    kind: Kind
    state: State
    amount: Amount
    currency: str
    description: str
    card: PaidWith
    failure: Failure | None
    payment_intent_id: str | None
    charge_id: str | None
    stripe_account: str | None


class Dispute(Detail, frozen=True, kw_only=True):
    """A dispute of a payment was opened, or changed its status. `status` is Stripe's, of the dispute that changed last.

    `amount` is the payment's; what the dispute took and gave back is in the wallet's history. For one payment, a higher
    `sequence` is later. Evidence is submitted at Stripe.
    """

    payment_id: str
    kind: Kind
    status: str
    amount: Amount
    currency: str
    payment_intent_id: str | None
    charge_id: str | None
    stripe_account: str | None
    sequence: int


class AutoPay(Detail, frozen=True, kw_only=True):
    """Auto-pay was suspended: it charges nothing until a person acts. `failures` counts the declines in a row."""

    reason: SuspendedReason
    failures: int


class AutoPayLimit(Detail, frozen=True, kw_only=True):
    """Auto-pay has `charged` 80 or 100 `percent` of the `monthly_limit` in a `month` (UTC), or a refill exceeds it.

    For one month and limit there is one event for each of the two percentages.
    """

    month: Annotated[str, Meta(examples=["2026-11"])]
    percent: Literal[80, 100]
    charged: Amount
    monthly_limit: Amount
    currency: str


class ExpiringCard(Detail, frozen=True, kw_only=True):
    """A card that is charged automatically is about to expire: from `expires_at` on it is no longer valid.

    `notice_days` is how long before that this was told at the earliest. `role` is what the card is charged for: the
    `default` pays, and the `backup` is tried if the default is declined.
    """

    payment_method_id: str
    stripe_account: str | None
    card: PaidWith
    role: Literal["default", "backup"]
    notice_days: NoticeDays
    expires_at: Time


class Cancellation(msgspec.Struct, frozen=True):
    """Why a subscription was canceled, as its owner said: one of a few reasons, and a sentence; both are optional."""

    reason: Reason | None
    comment: str | None


class Pause(msgspec.Struct, frozen=True):
    """Until when a subscription is paused, and why, as its owner said."""

    until: Time
    reason: str | None


class Subscription(Detail, frozen=True, kw_only=True):
    """A subscription began its next period, is about to, or changed its status in a way to act on.

    Fields are as of that change.

    `payment_id` is the payment that renewed it: null if nothing was to be charged, and in all other types. `failure`
    says why the period that is owed was not paid. `next_attempt_at` is null if only the customer can help, or an
    attempt is in progress. From `access_until` on, access is denied. `cancellation` is what its owner said when
    canceling it: null unless it has ended, and if nothing was said. `pause` is null unless one is to come or has begun.
    `sequence` counts its changes: a higher one is later.
    """

    status: Status
    plan: str
    add_ons: dict[str, int]
    currency: str
    period_start: Time
    period_end: Time
    payment_id: str | None
    failure: Failure | None
    next_attempt_at: Time | None
    access_until: Time | None
    cancellation: Cancellation | None = None
    pause: Pause | None = None
    sequence: int


class Invoice(Detail, frozen=True, kw_only=True):
    """A document was issued. Its total is positive; `kind` gives the direction.

    `cause` is what it was issued for: the payment's id, Stripe's id of the refund, or that id with `/failed` for a
    returned refund. `sequence` is its number among the account's documents, which have no gaps.
    """

    number: str
    kind: Document
    total: Amount
    currency: str
    payment_id: str
    cause: str
    sequence: int


class Repeat(Detail, frozen=True, kw_only=True):
    """A usage event was charged again: same `source` and `event_id`, another time. `occurred_at` is when it was found.

    `transaction_id` is the later one by the events' own times, whichever was posted first; `amount` is that
    transaction's amount in this account. If `gives_back` is true, a correction gives it back.
    """

    transaction_id: str
    original_transaction_id: str
    source: str
    event_id: str
    time: Time
    original_time: Time
    amount: Amount
    currency: str
    gives_back: bool


class Difference(Detail, frozen=True, kw_only=True):
    """A check found that the books do not agree, or that they agree again. `occurred_at` is when it did.

    Of a `wallet`, `problem` is a sentence about its pages. Of a `payment`, `refund` or `dispute` it names what is wrong
    between Stripe, our rows and the ledger, each with its amount, null if it does not have it at all; `object_id` is
    our id of a payment, Stripe's of a refund or dispute. `account_id` is empty for something at Stripe that names no
    payment of ours. `stripe_account` is null on the platform's own.
    """

    kind: Checked
    problem: str
    found_at: Time
    object_id: str | None
    payment_id: str | None
    stripe_account: str | None
    currency: str | None
    at_stripe: Amount | None
    in_rows: Amount | None
    in_ledger: Amount | None


class Budget(Detail, frozen=True, kw_only=True):
    """A threshold of a budget was reached: `percent` of its `limit` is spent, or more.

    Each is told once in a period for each limit. Of several that are reached at once, the highest is told. `meter` is
    null for the budget of all usage. If `closes` is true, access is closed, for this meter or for all usage, until
    `period_end`, unless the budget is changed.
    """

    budget_id: str
    meter: str | None
    period: Period
    period_start: Time
    period_end: Time
    percent: Percent
    limit: Amount
    spent: Amount
    currency: str
    closes: bool


DETAILS: Final[dict[str, Any]] = {
    "wallet.low": Wallet,
    "wallet.exhausted": Wallet,
    "wallet.restored": Wallet,
    "budget.reached": Budget,
    "payment.succeeded": Payment,
    "payment.failed": Payment,
    "payment.canceled": Payment,
    "payment.requires_action": Payment,
    "payment.disputed": Dispute,
    "auto_pay.suspended": AutoPay,
    "auto_pay.limit_near": AutoPayLimit,
    "auto_pay.limit_reached": AutoPayLimit,
    "card.expiring": ExpiringCard,
    "subscription.renewed": Subscription,
    "subscription.renewal_upcoming": Subscription,
    "subscription.trial_ending": Subscription,
    "subscription.paused": Subscription,
    "subscription.resumed": Subscription,
    "subscription.past_due": Subscription,
    "subscription.unpaid": Subscription,
    "subscription.canceled": Subscription,
    "invoice.issued": Invoice,
    "usage.repeated": Repeat,
    "difference.found": Difference,
    "difference.resolved": Difference,
}
"""Every type of event with its detail. A new type needs an entry here and a rule in `event`."""
