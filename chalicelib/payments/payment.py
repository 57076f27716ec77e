"""A payment, and how it moves by what Stripe says about it. Pure.

    created -> requires_action -> processing -> canceled | failed | succeeded

News arrives late, twice and out of order, so a payment only ever moves to a later state of this list. Money that
moved wins over everything: a payment that failed or was canceled becomes `succeeded` when Stripe says so, never the
other way.

What has ended here may still be paid at Stripe: a PaymentIntent whose attempt failed can be confirmed again by whoever
has its client secret, or the account's key. Such a payment is not final: it is looked at until nobody can pay it.
"""

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.ledger.posting import CREDIT, Posting, one_leg
from chalicelib.payments.line import Line

SOURCE: Final = "/payments"
PREFIX: Final = "pay_"

Kind = Literal["top_up", "auto_pay", "subscription"]
State = Literal["created", "requires_action", "processing", "canceled", "failed", "succeeded"]
Late = Literal["undecided", "applied", "refunded", "parked", "kept"]
"""What becomes of money that moved after its payment was given up, where it is no balance: what it was for is there
(`applied`), or it is unneeded, and goes back (`refunded`) or waits for a person (`parked`), who may keep it."""

RANKS: Final[dict[State, int]] = {
    "created": 0,
    "requires_action": 1,
    "processing": 2,
    "canceled": 3,
    "failed": 4,
    "succeeded": 5,
}
ENDED: Final = frozenset[State]({"canceled", "failed", "succeeded"})

DAY_MS: Final = 24 * 60 * 60 * 1000
KEY_LIFE_MS: Final = 23 * 60 * 60 * 1000
"""How long a key at Stripe is trusted; it lives for 24 hours at least (docs.stripe.com/api/idempotent_requests)."""

ABANDONED_MS: Final = DAY_MS
"""How long a customer may take to authenticate before the payment is canceled."""

QUIET_MS: Final = 10 * 60 * 1000
"""How long after a failure of Stripe's own, which its key remembers, another key may be used. Until then the effect of
the first may come to light (docs.stripe.com/error-low-level#server-errors); a second charge is worse than a wait."""

MAXIMUM_ATTEMPTS: Final = 3

NOT_FOUND: Final = "not_found"
"""Why a payment was given up that Stripe did not have when its key was too old to be used again."""


class PaymentNotFound(Refusal):
    """No such payment of this account."""

    status = 404
    type = "payment-not-found"
    title = "No such payment"

    def __init__(self, payment_id: str) -> None:
        super().__init__(f"there is no payment {payment_id[:60]!r} of this account", payment_id=payment_id[:60])


class Failure(msgspec.Struct, frozen=True):
    """Why a payment came to nothing: Stripe's code, the bank's code, and a sentence for the customer.

    https://docs.stripe.com/error-codes and https://docs.stripe.com/declines/codes.
    """

    code: str
    decline_code: str | None = None
    message: str = ""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to move money on a card.

    `stripe_account` is None on the platform's own. `state_at_ms` is when it came into its state, `sent_at_ms` when a
    refill of auto-pay was last sent to Stripe, `intent_at_ms` when Stripe made its PaymentIntent. `attempt` numbers the
    key that Stripe gets; `spent_at_ms` is when it was first seen to remember a failure of Stripe's own. `checks` counts
    the sweeper's looks, `version` the changes. `intent_open`: it has ended here, and a PaymentIntent of it may still be
    paid; None on rows older than this attribute. `late`: it succeeded after it was given up. `tax` is what the account
    bore when it was made, and the lines and the period are a subscription payment's, fixed then, too. `off_session`:
    nobody is there.
    What became of a succeeded payment later stands beside its state: refunds, the last dispute, a warning of fraud, and
    `objected_at_ms`, when the bank objected. `card_fingerprint` and that are None on rows older than these attributes.
    """

    account_id: str
    payment_id: str
    kind: Kind
    amount_micros: int
    currency: str
    created_at_ms: int
    updated_at_ms: int
    state_at_ms: int
    customer_id: str
    payment_method_id: str
    card_brand: str
    card_last_four: str
    actor: str
    description: str
    card_fingerprint: str | None = None
    state: State = "created"
    stripe_account: str | None = None
    off_session: bool = False
    lines: tuple[Line, ...] = ()
    tax: Tax | None = None
    period_start_ms: int | None = None
    period_end_ms: int | None = None
    payment_intent_id: str | None = None
    charge_id: str | None = None
    failure: Failure | None = None
    refunded_micros: int = 0
    dispute_status: str | None = None
    fraud_warning: str | None = None
    objected_at_ms: int | None = None
    sent_at_ms: int | None = None
    intent_at_ms: int | None = None
    attempt: int = 1
    spent_at_ms: int | None = None
    intent_open: bool | None = None
    late: Late | None = None
    checks: int = 0
    version: int = 1

    @property
    def ended(self) -> bool:
        """Tell whether nothing more is expected of it."""
        return self.state in ENDED

    @property
    def was_never_made(self) -> bool:
        """Tell whether it was given up because Stripe never took it: nobody's card was tried."""
        return self.state == "canceled" and self.failure is not None and self.failure.code == NOT_FOUND

    @property
    def is_final(self) -> bool:
        """Tell whether nothing can come of it any more: it has ended, here and at Stripe, with all that follows."""
        if self.state == "succeeded":
            return self.late != "undecided"
        if self.intent_open is None:  # a row of old: what Stripe refused as a whole left no PaymentIntent
            return self.state == "failed" and self.payment_intent_id is None
        return self.ended and not self.intent_open

    @property
    def may_be_paid(self) -> bool:
        """Tell whether its money may still move at Stripe, also after it has ended here."""
        return self.state != "succeeded" and not self.is_final

    @property
    def is_parked(self) -> bool:
        """Tell whether it waits for a person: it brought nothing, and has not gone back."""
        return self.late == "parked" and self.refunded_micros < self.amount_micros

    @property
    def fills_wallet(self) -> bool:
        """Tell whether its money becomes balance; a subscription's is its price."""
        return self.kind != "subscription"

    @property
    def added_tax_micros(self) -> int:
        """Return the tax that was charged on top of the lines; what has no lines is charged as one thing."""
        return self.amount_micros - sum(line.amount_micros for line in self.lines) if self.lines else 0

    @property
    def stripe_key(self) -> str:
        """Return the idempotency key of the present attempt: the payment's id, with a suffix from the second on."""
        return self.payment_id if self.attempt == 1 else f"{self.payment_id}-{self.attempt}"

    def posting(self) -> Posting:
        """Return the credit of the payment: the same on every path, made only of what never changes."""
        return one_leg(
            self.account_id,
            occurred_at_ms=self.created_at_ms,
            source=SOURCE,
            event_id=self.payment_id,
            type=CREDIT,
            kind=self.kind,
            amount_micros=self.amount_micros,
            description=self.description,
            payment_id=self.payment_id,
            actor=self.actor,
        )


class Outcome(msgspec.Struct, frozen=True):
    """What a piece of news says about a payment."""

    state: State
    payment_intent_id: str | None = None
    charge_id: str | None = None
    failure: Failure | None = None
    intent_at_ms: int | None = None


def canceled_because(reason: str) -> Outcome:
    """Return the outcome of a payment that will not be made."""
    messages = {
        "abandoned": "It was not verified in time. Nothing was charged.",
        NOT_FOUND: "Stripe did not take the payment. Nothing was charged.",
    }
    return Outcome("canceled", failure=Failure(reason, None, messages.get(reason, "The payment was canceled.")))


def advance(payment: Payment, outcome: Outcome) -> Payment:
    """Move a payment by a piece of news; anything that is not later than its state changes nothing but missing ids."""
    named = replace(
        payment,
        payment_intent_id=payment.payment_intent_id or outcome.payment_intent_id,
        charge_id=payment.charge_id or outcome.charge_id,
        intent_at_ms=payment.intent_at_ms or outcome.intent_at_ms,
    )
    if RANKS[outcome.state] <= RANKS[payment.state]:
        return named
    return replace(
        named,
        state=outcome.state,
        failure=outcome.failure,
        payment_intent_id=outcome.payment_intent_id or named.payment_intent_id,
        charge_id=outcome.charge_id or named.charge_id,
        intent_at_ms=outcome.intent_at_ms or named.intent_at_ms,
        intent_open=_leaves_open(payment, outcome) if outcome.state in ENDED else payment.intent_open,
        late="undecided" if is_late(payment, outcome) else payment.late,
    )


def is_late(payment: Payment, outcome: Outcome) -> bool:
    """Tell whether money moves that nobody waits for any more; what fills the wallet always brings its balance."""
    return payment.ended and outcome.state == "succeeded" and not payment.fills_wallet


def decided(payment: Payment, late: Late) -> Payment:
    """Return a payment with what becomes of its late money, unless that is decided."""
    return replace(payment, late=late) if payment.late == "undecided" else payment


def _leaves_open(payment: Payment, outcome: Outcome) -> bool:
    """Tell whether an end here may not be one at Stripe: an attempt that failed, or more than one key was used."""
    if outcome.state == "succeeded":
        return False
    return payment.attempt > 1 or (outcome.state == "failed" and outcome.payment_intent_id is not None)


def closed(payment: Payment) -> Payment:
    """Note that nobody can pay a payment that has ended: Stripe was asked, and has nothing of it that is open."""
    return replace(payment, intent_open=False) if payment.ended else payment


def may_be_closed(payment: Payment, now_ms: int) -> bool:
    """Tell whether all that was sent for a payment has come to light: the effect of a first key may be late."""
    return payment.attempt == 1 or now_ms - payment.state_at_ms >= QUIET_MS


def is_key_dead(payment: Payment, now_ms: int) -> bool:
    """Tell whether a payment's key is too old to be the same request to Stripe for sure."""
    return now_ms - payment.created_at_ms >= KEY_LIFE_MS


def is_lost(payment: Payment, now_ms: int) -> bool:
    """Tell whether what Stripe does not have by now never arrives: nothing was sent since the key is dead."""
    return now_ms - payment.created_at_ms >= KEY_LIFE_MS + QUIET_MS


def rare_look_ms(since_ms: int, looked_at_ms: int, for_days: int) -> int | None:
    """Return when to look again at what is decided, and may still change: 1, 2, 4, ... days after `since_ms`."""
    days = 1
    while since_ms + days * DAY_MS <= looked_at_ms:
        days *= 2
    return since_ms + days * DAY_MS if days <= for_days else None


def may_begin_again(payment: Payment, now_ms: int) -> bool:
    """Tell whether another key may be used for a payment whose present key only repeats a failure of Stripe's own."""
    return (
        payment.spent_at_ms is not None
        and now_ms - payment.spent_at_ms >= QUIET_MS
        and payment.attempt < MAXIMUM_ATTEMPTS
    )


def begun_again(payment: Payment, after_attempt: int) -> Payment:
    """Return the payment with the next attempt's key, unless it has moved on from `after_attempt` meanwhile."""
    if payment.ended or payment.attempt != after_attempt:
        return payment
    return replace(payment, attempt=after_attempt + 1, spent_at_ms=None)
