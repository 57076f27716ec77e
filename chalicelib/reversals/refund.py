"""A refund, what Stripe says about it, and what it does to the wallet. Pure.

    created -> requires_action -> pending -> succeeded -> canceled | failed

News arrives late, twice and out of order, so a refund only ever moves to a later state of this list: one that the bank
sends back fails after it succeeded. What Stripe says wins over what was concluded here while Stripe was silent.
"""

from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.ledger.posting import CREDIT, DEBIT, Posting, one_leg
from chalicelib.money import from_card_amount
from chalicelib.payments.lifecycle import next_rare_check_ms
from chalicelib.payments.payment import Failure, Payment
from chalicelib.stripe_api.attempt import KEY_LIFE_MS, LATE_EFFECT_MS, MAXIMUM_ATTEMPTS

SOURCE: Final = "/refunds"
PREFIX: Final = "ref_"
ELSEWHERE: Final = "stripe"
"""The actor of a refund that was not asked for here, but at Stripe's dashboard."""

State = Literal["created", "requires_action", "pending", "succeeded", "canceled", "failed"]

RANKS: Final[dict[State, int]] = {
    "created": 0,
    "requires_action": 1,
    "pending": 2,
    "succeeded": 3,
    "canceled": 4,
    "failed": 5,
}
CAME_BACK: Final = frozenset[State]({"canceled", "failed"})

FIRST_LOOK_MS: Final = 3 * 60 * 1000
LONGEST_LOOK_MS: Final = 60 * 60 * 1000
MAY_FAIL_FOR_DAYS: Final = 32
"""How long a refund may take to come back: 30 days (docs.stripe.com/refunds#failed-refunds), and two to spare."""


class StripeRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund's facts, in our words; the amount is Stripe's whole minor units.

    https://docs.stripe.com/api/refunds/object
    """

    id: str
    status: State
    amount_minor: int
    currency: str
    created_at_ms: int
    payment_intent_id: str | None
    metadata: dict[str, str]
    failure_reason: str | None = None
    stripe_account: str | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a payment that goes back to the card.

    `refunded_at_ms` is Stripe's time of it, `failed_at_ms` when we learned that it came back; both are fixed once, for
    the ledger knows its postings by their times. `posted` counts those that the ledger is known to have.
    `attempt`, `key_exhausted_at_ms` and `checks` are as a payment's.
    """

    account_id: str
    payment_id: str
    refund_id: str
    amount_micros: int
    currency: str
    created_at_ms: int
    updated_at_ms: int
    reason: str
    actor: str
    moves_wallet: bool
    state: State = "created"
    stripe_refund_id: str | None = None
    refunded_at_ms: int | None = None
    failed_at_ms: int | None = None
    failure: Failure | None = None
    stripe_account: str | None = None
    attempt: int = 1
    key_exhausted_at_ms: int | None = None
    posted: int = 0
    checks: int = 0

    @property
    def holds(self) -> bool:
        """Tell whether its money is gone from the payment, or may be."""
        return self.state not in CAME_BACK

    @property
    def is_out(self) -> bool:
        """Tell whether Stripe has it, and its money has not come back."""
        return self.holds and self.stripe_refund_id is not None

    @property
    def is_promised(self) -> bool:
        """Tell whether the wallet is still to be debited for it, or may be."""
        return self.holds and self.moves_wallet and self.posted == 0

    @property
    def is_settled(self) -> bool:
        """Tell whether its outcome is known, and the ledger has it."""
        return RANKS[self.state] >= RANKS["succeeded"] and self.posted == len(self.postings())

    @property
    def stripe_key(self) -> str:
        """Return the idempotency key of the present attempt."""
        return self.refund_id if self.attempt == 1 else f"{self.refund_id}-{self.attempt}"

    def postings(self) -> list[Posting]:
        """Return the debit of the refund, and the credit if it came back: the same on every path, none before Stripe.

        One that came back has both, even if nobody had heard of it before: so it does not matter who posts which first.
        """
        if not self.moves_wallet or self.stripe_refund_id is None or self.refunded_at_ms is None:
            return []
        debit = one_leg(
            self.account_id,
            occurred_at_ms=self.refunded_at_ms,
            source=SOURCE,
            event_id=self.stripe_refund_id,
            type=DEBIT,
            kind="refund",
            amount_micros=self.amount_micros,
            description="Refunded to the card",
            payment_id=self.payment_id,
            actor=self.actor,
        )
        if self.failed_at_ms is None:
            return [debit]
        came_back = one_leg(
            self.account_id,
            occurred_at_ms=self.failed_at_ms,
            source=SOURCE,
            event_id=f"{self.stripe_refund_id}/failed",
            type=CREDIT,
            kind="refund_failed",
            amount_micros=self.amount_micros,
            description="Refund that did not reach the card",
            payment_id=self.payment_id,
            actor=self.actor,
        )
        return [debit, came_back]


def refund_of(found: dict[str, Any], stripe_account: str | None) -> StripeRefund:
    """Read a refund from Stripe's JSON, of an answer or of a webhook."""
    intent = found.get("payment_intent")
    return StripeRefund(
        id=found["id"],
        # A refund without a status is one of the old kind, which was made at once (docs.stripe.com/api/refunds/object).
        status=found.get("status") or "succeeded",
        amount_minor=found["amount"],
        currency=found["currency"],
        created_at_ms=found["created"] * 1000,
        payment_intent_id=intent["id"] if isinstance(intent, dict) else intent,
        metadata=dict(found.get("metadata") or {}),
        failure_reason=found.get("failure_reason"),
        stripe_account=stripe_account,
    )


def made_elsewhere(payment: Payment, found: StripeRefund, now_ms: int) -> Refund:
    """Return the refund of one that Stripe tells of and nobody here asked for. Its id is made of Stripe's."""
    digest = sha256(found.id.encode()).hexdigest()[:20]
    return Refund(
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        refund_id=f"{PREFIX}{found.created_at_ms:012x}{digest}",
        amount_micros=from_card_amount(found.amount_minor, found.currency),
        currency=found.currency,
        created_at_ms=found.created_at_ms,
        updated_at_ms=now_ms,
        reason="made at Stripe",
        actor=ELSEWHERE,
        moves_wallet=payment.fills_wallet,
        stripe_account=found.stripe_account,
    )


def is_same(refund: Refund, found: StripeRefund) -> bool:
    """Tell whether Stripe tells of this refund: by Stripe's id, or by ours on one that Stripe's is not known of yet."""
    if refund.stripe_refund_id is not None:
        return refund.stripe_refund_id == found.id
    amount_micros = from_card_amount(found.amount_minor, found.currency)
    ours = (refund.refund_id, refund.amount_micros, refund.currency)
    return ours == (found.metadata.get("refund_id"), amount_micros, found.currency)


def advance(refund: Refund, found: StripeRefund, now_ms: int) -> Refund:
    """Move a refund by a piece of news; what is not later than its state changes nothing."""
    if refund.stripe_refund_id is not None and RANKS[found.status] <= RANKS[refund.state]:
        return refund
    came_back = found.status in CAME_BACK
    return replace(
        refund,
        state=found.status,
        stripe_refund_id=found.id,
        refunded_at_ms=found.created_at_ms,
        failed_at_ms=(refund.failed_at_ms or max(now_ms, found.created_at_ms)) if came_back else None,
        failure=Failure(found.failure_reason or found.status) if came_back else None,
    )


def given_up(refund: Refund, failure: Failure) -> Refund:
    """Return the refund as one that Stripe never made, unless Stripe has it after all."""
    if refund.stripe_refund_id is not None:
        return refund
    return replace(refund, state="failed", failure=failure)


def is_key_expired(refund: Refund, now_ms: int) -> bool:
    """Tell whether a refund's key is too old to be the same request to Stripe for sure."""
    return now_ms - refund.created_at_ms >= KEY_LIFE_MS


def can_no_longer_arrive(refund: Refund, now_ms: int) -> bool:
    """Tell whether what Stripe does not have by now never arrives; see the payment's rule of the same name."""
    return now_ms - refund.created_at_ms >= KEY_LIFE_MS + LATE_EFFECT_MS


def with_key_exhausted(refund: Refund, attempt: int, now_ms: int) -> Refund:
    """Note that the key of an attempt only repeats a failure of Stripe's own."""
    is_open = refund.state == "created" and refund.attempt == attempt and refund.key_exhausted_at_ms is None
    return replace(refund, key_exhausted_at_ms=now_ms) if is_open else refund


def may_take_next_key(refund: Refund, now_ms: int) -> bool:
    """Tell whether another key may be used; see the payment's rule of the same name."""
    key_exhausted_at_ms = refund.key_exhausted_at_ms
    return (
        key_exhausted_at_ms is not None
        and now_ms - key_exhausted_at_ms >= LATE_EFFECT_MS
        and refund.attempt < MAXIMUM_ATTEMPTS
    )


def with_next_key(refund: Refund, after_attempt: int) -> Refund:
    """Return the refund with the next attempt's key, unless it has moved on from `after_attempt` meanwhile."""
    if refund.state != "created" or refund.attempt != after_attempt:
        return refund
    return replace(refund, attempt=after_attempt + 1, key_exhausted_at_ms=None)


def check_at_ms(refund: Refund) -> int | None:
    """Return when the sweeper should look; None when nothing more can come.

    What is open is looked at after 3 minutes and ever later, up to an hour. One that succeeded may still come back: it
    is looked at 1, 2, 4, ... days after it was made.
    """
    if not refund.is_settled:
        return refund.updated_at_ms + min(LONGEST_LOOK_MS, FIRST_LOOK_MS << min(refund.checks, 10))
    if refund.state != "succeeded":
        return None
    return next_rare_check_ms(refund.created_at_ms, refund.updated_at_ms, MAY_FAIL_FOR_DAYS)
