"""A subscription: values only. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.clock import iso
from chalicelib.errors import Busy, Refusal
from chalicelib.payments.payment import Failure

Status = Literal["incomplete", "trialing", "active", "past_due", "unpaid", "canceled"]
Purpose = Literal["start", "change", "renewal"]

RUNNING: Final = frozenset[Status]({"trialing", "active"})
OWING: Final = frozenset[Status]({"past_due", "unpaid"})


class SubscriptionNotFound(Refusal):
    """The account has no subscription."""

    status = 404
    type = "subscription-not-found"
    title = "There is no subscription"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"account {account_id!r} has no subscription", account_id=account_id)


class SubscriptionBusy(Busy):
    """Too many changes of one subscription at once."""

    type = "subscription-busy"
    title = "The subscription is being changed by others"


class SubscriptionPending(Refusal):
    """A payment has to end before anything else can be done: a change's, or the renewal's."""

    status = 409
    type = "subscription-pending"
    title = "The subscription waits for a payment"

    def __init__(self, pending: "Pending") -> None:
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
    """What the plan and one of each add-on cost for a whole period, for which these prices hold."""

    plan_micros: int
    add_on_micros: dict[str, int] = {}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid for, at which prices, and for which period.

    The period ends `elapsed_months` after the anchor: every end is counted from the anchor, never from another end.
    """

    contents: Contents
    prices: Prices
    anchor_ms: int
    elapsed_months: int
    period_start_ms: int
    period_end_ms: int


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial is free for: the plan that began it, at the price that it had, and so many of each add-on."""

    plan: str
    plan_micros: int
    months: int
    add_ons: dict[str, int] = {}


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that is awaited, with all that its success brings; until then the subscription stays as it is.

    `trial` is there if what it brings is a trial, or within one.
    """

    payment_id: str
    purpose: Purpose
    terms: Terms
    carried_micros: int
    scheduled: Contents | None = None
    cancel_at_period_end: bool = False
    automatic: bool = False
    trial: Trial | None = None


class Held(msgspec.Struct, frozen=True):
    """Why a renewal waits for the operator: the type of a refusal with its sentence, and since when."""

    reason: str
    detail: str
    since_ms: int


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """An account's subscription.

    `scheduled` is what it holds from the next period on, if that is something else. `carried_micros` is owed, and too
    little for a card. `lapsed` is the last awaited payment that came to nothing: should its money move after all, it
    still brings what it was for. `paid_payment_id` is the last one that succeeded. `attempt` counts the automatic
    attempts at the period that is owed, and `untaken` those besides that Stripe never took, for no fault of the
    customer's; `charged_card` was tried last. From `access_until_ms` on access is closed. `held` is there while its
    renewal waits for the operator. `in_use` is how many of each add-on the platform says are in use. `due_at_ms` is
    when to look at it next. Every change counts `version` up.
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
    pending: Pending | None = None
    lapsed: Pending | None = None
    paid_payment_id: str | None = None
    attempt: int = 0
    untaken: int = 0
    past_due_since_ms: int | None = None
    failure: Failure | None = None
    charged_card: str | None = None
    access_until_ms: int | None = None
    resumed_at_ms: int | None = None
    trial_end_ms: int | None = None
    trial: Trial | None = None
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    held: Held | None = None
    in_use: dict[str, int] = {}
    due_at_ms: int | None = None
    version: int = 0

    @property
    def exists(self) -> bool:
        """Tell whether there is, or was, anything to show: not one whose very first payment came to nothing."""
        return self.status != "incomplete" or self.pending is not None

    @property
    def may_start(self) -> bool:
        """Tell whether a new one may begin: there is none, or it has ended."""
        return self.status in {"incomplete", "canceled"}


def named_period(terms: Terms) -> str:
    """Name a period by its days, for people: `2027-01-31 to 2027-02-28`."""
    return f"{iso(terms.period_start_ms)[:10]} to {iso(terms.period_end_ms)[:10]}"
