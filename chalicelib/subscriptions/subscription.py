"""A subscription: what it holds, at which prices, for which period, and which payment it waits for. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.clock import iso
from chalicelib.errors import Busy, Refusal
from chalicelib.payments.payment import Failure
from chalicelib.subscriptions.cancellation import Cancellation

Status = Literal["incomplete", "trialing", "active", "paused", "past_due", "unpaid", "canceled"]
Purpose = Literal["start", "change", "renewal", "resumption"]

RUNNING: Final = frozenset[Status]({"trialing", "active"})
RENEWED: Final = RUNNING | {"paused"}
"""Statuses in which the next period is charged by itself when this one, or the pause after it, is over."""

OWING: Final = frozenset[Status]({"past_due", "unpaid"})


class SubscriptionNotFound(Refusal):
    """The account has no subscription."""

    status = 404
    type = "subscription-not-found"
    title = "There is no subscription"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"account {account_id!r} has no subscription", account_id=account_id)


class SubscriptionBusy(Busy):
    """Too many concurrent changes of one subscription."""

    type = "subscription-busy"
    title = "The subscription is being changed by others"


class SubscriptionPending(Refusal):
    """The payment of a change or a renewal has to end before anything else can be done."""

    status = 409
    type = "subscription-pending"
    title = "The subscription waits for a payment"

    def __init__(self, pending: "PendingPayment") -> None:
        super().__init__(
            f"a payment for its {pending.purpose} has not ended; check or verify payment {pending.payment_id} first",
            payment_id=pending.payment_id,
            purpose=pending.purpose,
        )


class Contents(msgspec.Struct, frozen=True):
    """What is subscribed to: a plan, and how many of each add-on (never zero)."""

    plan: str
    add_ons: dict[str, int] = {}


class Prices(msgspec.Struct, frozen=True):
    """What the plan and one of each add-on cost for a whole period."""

    plan_micros: int
    add_on_micros: dict[str, int] = {}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Contents with their prices, for one period.

    The period ends `elapsed_months` after the anchor: every end is counted from the anchor, never from another end.
    """

    contents: Contents
    prices: Prices
    anchor_ms: int
    elapsed_months: int
    period_start_ms: int
    period_end_ms: int


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial includes for free: the plan that began it, at its price then, and a number of each add-on."""

    plan: str
    plan_micros: int
    months: int
    add_ons: dict[str, int] = {}


class PendingPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that has not ended, with everything that takes effect when it succeeds.

    `automatic` is true for a payment that no person asked for. `trial` is set if the new terms are a trial.
    """

    payment_id: str
    purpose: Purpose
    terms: Terms
    carried_micros: int
    scheduled: Contents | None = None
    cancel_at_period_end: bool = False
    automatic: bool = False
    trial: Trial | None = None


class Hold(msgspec.Struct, frozen=True):
    """Why a renewal waits for the operator, or for a workspace's connection, and since when."""

    reason: str
    detail: str
    since_ms: int


class Pause(msgspec.Struct, frozen=True):
    """A pause after the paid period: until when nothing is charged, and by whom, when and why it was asked for."""

    until_ms: int
    reason: str | None
    actor: str
    at_ms: int


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """An account's subscription.

    - `scheduled`: the contents from the next period on, if they differ.
    - `carried_micros`: owed, but too little to charge to a card; the next charge includes it.
    - `pending`: the payment that it waits for. `expired_pending`: the last one that failed or was canceled; if it
      succeeds after all, it still takes effect. `paid_payment_id`: the last one that succeeded.
    - `attempt`: automatic attempts to charge the period that is owed. `never_made_attempts`: additional attempts that
      Stripe never received. `charged_card`: the default card that was tried last. `declined_default`: why it was
      declined, while the same attempt tries the backup.
    - `access_until_ms`: when access closes. `held`: set while its renewal waits, by no fault of the
      customer's.
    - `pause`: the pause that begins at the period's end, or, if it is `paused`, has begun.
    - `cancellation`: what was said when it was canceled, until it is resumed, changed or begun again.
    - `reminded_of_ms`: the moment of the charge that a reminder was made of: the period's end, or its pause's.
    - `in_use`: how many of each add-on are in use, as the platform reports.
    - `due_at_ms`: when to advance it next. `version`: incremented by every change.
    """

    account_id: str
    currency: str
    status: Status
    terms: Terms
    actor: str
    updated_at_ms: int
    scheduled: Contents | None = None
    carried_micros: int = 0
    cancel_at_period_end: bool = False
    pending: PendingPayment | None = None
    expired_pending: PendingPayment | None = None
    paid_payment_id: str | None = None
    attempt: int = 0
    never_made_attempts: int = 0
    past_due_since_ms: int | None = None
    failure: Failure | None = None
    charged_card: str | None = None
    declined_default: Failure | None = None
    access_until_ms: int | None = None
    resumed_at_ms: int | None = None
    trial_end_ms: int | None = None
    trial: Trial | None = None
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    held: Hold | None = None
    pause: Pause | None = None
    cancellation: Cancellation | None = None
    reminded_of_ms: int | None = None
    in_use: dict[str, int] = {}
    due_at_ms: int | None = None
    version: int = 0

    @property
    def exists(self) -> bool:
        """Tell whether there is anything to show. There is nothing if its first payment failed."""
        return self.status != "incomplete" or self.pending is not None

    @property
    def may_start(self) -> bool:
        """Tell whether a new subscription may begin, because this one has ended or never began."""
        return self.status in {"incomplete", "canceled"}

    @property
    def phase_end_ms(self) -> int:
        """Return when its pause ends, if it is paused, or else its period."""
        return self.pause.until_ms if self.pause and self.status == "paused" else self.terms.period_end_ms

    @property
    def canceled_end_ms(self) -> int:
        """Return when it ends if it is canceled: with the period that is paid, or that its payment begins."""
        terms = self.pending.terms if self.pending and self.status in {"paused", "incomplete"} else self.terms
        return terms.period_end_ms


def format_period(terms: Terms) -> str:
    """Return a period for people: `2027-01-31 to 2027-02-28`."""
    return f"{iso(terms.period_start_ms)[:10]} to {iso(terms.period_end_ms)[:10]}"
