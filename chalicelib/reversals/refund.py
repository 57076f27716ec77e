"""A refund, what Stripe says about it, and what it does to the wallet. Pure.

    created -> requires_action -> pending -> succeeded -> canceled | failed

Answers and webhooks arrive late, twice and out of order, so a refund only changes to a later state of this list. One
that the bank returns fails after it succeeded. What Stripe says overrides what was decided here without an answer.
"""

from hashlib import sha256
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.ledger.posting import CREDIT, DEBIT, Posting, one_leg
from chalicelib.money import from_card_amount
from chalicelib.payments.payment import CLOSED_AT_BREAK, NOT_FOUND, Failure, Payment
from chalicelib.stripe_api.attempt import key_of

SOURCE: Final = "/refunds"
PREFIX: Final = "ref_"
STRIPE_ACTOR: Final = "stripe"
NOT_TAKEN: Final = Failure(NOT_FOUND, None, "Stripe did not take the refund.")
"""The actor of a refund that was made in Stripe's dashboard."""

State = Literal["created", "requires_action", "pending", "succeeded", "canceled", "failed"]

RANKS: Final[dict[State, int]] = {
    "created": 0,
    "requires_action": 1,
    "pending": 2,
    "succeeded": 3,
    "canceled": 4,
    "failed": 5,
}
RETURNED: Final = frozenset[State]({"canceled", "failed"})
"""States in which the card did not get the money: it was never sent, or the bank returned it."""


class StripeRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as Stripe has it; the amount is in whole minor units.

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

    `refunded_at_ms` is when Stripe created it, `failed_at_ms` when we learned that it was returned. Both are set once,
    because its postings contain them. `posted` counts the postings that the ledger is known to have. With `returns_fee`
    the operator's fee is given back in proportion. `attempt`, `key_exhausted_at_ms`, `closed_at_break_ms` and `checks`
    mean the same as for a payment.
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
    returns_fee: bool | None = None
    state: State = "created"
    stripe_refund_id: str | None = None
    refunded_at_ms: int | None = None
    failed_at_ms: int | None = None
    failure: Failure | None = None
    stripe_account: str | None = None
    attempt: int = 1
    key_exhausted_at_ms: int | None = None
    posted: int = 0
    closed_at_break_ms: int | None = None
    checks: int = 0

    @property
    def counts_against_payment(self) -> bool:
        """Tell whether its amount is refunded, or may be, and cannot be refunded again."""
        return self.state not in RETURNED

    @property
    def accepted_by_stripe(self) -> bool:
        """Tell whether Stripe has it, and its money was not returned."""
        return self.counts_against_payment and self.stripe_refund_id is not None

    @property
    def debit_pending(self) -> bool:
        """Tell whether the wallet must still be debited for it, or may have to be."""
        return self.counts_against_payment and self.moves_wallet and self.posted == 0

    @property
    def is_settled(self) -> bool:
        """Tell whether its outcome is known, and the ledger has it."""
        return RANKS[self.state] >= RANKS["succeeded"] and self.posted == len(self.postings())

    @property
    def stripe_key(self) -> str:
        """Return the idempotency key of the current attempt."""
        return key_of(self.refund_id, self.attempt)

    def postings(self) -> list[Posting]:
        """Return the debit of the refund, and the credit if it was returned; none before Stripe has it.

        They are the same on every path. A returned refund always has both, so the order in which they are posted does
        not matter.
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
        credit = one_leg(
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
        return [debit, credit]


def parse_refund(found: dict[str, Any], stripe_account: str | None) -> StripeRefund:
    """Read a refund from Stripe's JSON, of an answer or of a webhook."""
    intent = found.get("payment_intent")
    return StripeRefund(
        id=found["id"],
        # A refund without a status is of the old kind that succeeded at once (docs.stripe.com/api/refunds/object).
        status=found.get("status") or "succeeded",
        amount_minor=found["amount"],
        currency=found["currency"],
        created_at_ms=found["created"] * 1000,
        payment_intent_id=intent["id"] if isinstance(intent, dict) else intent,
        metadata=dict(found.get("metadata") or {}),
        failure_reason=found.get("failure_reason"),
        stripe_account=stripe_account,
    )


def refund_from_stripe(payment: Payment, found: StripeRefund, now_ms: int) -> Refund:
    """Return the refund for one that was made in Stripe's dashboard. Its id is derived from Stripe's."""
    digest = sha256(found.id.encode()).hexdigest()[:20]
    return Refund(
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        refund_id=f"{PREFIX}{found.created_at_ms:012x}{digest}",
        amount_micros=from_card_amount(found.amount_minor, found.currency),
        currency=found.currency,
        created_at_ms=found.created_at_ms,
        updated_at_ms=now_ms,
        reason="Refund made in Stripe",
        actor=STRIPE_ACTOR,
        moves_wallet=payment.fills_wallet,
        stripe_account=found.stripe_account,
    )


def is_same_refund(refund: Refund, found: StripeRefund) -> bool:
    """Tell whether Stripe's refund is this one: by Stripe's id, or by ours while Stripe's is not known."""
    if refund.stripe_refund_id is not None:
        return refund.stripe_refund_id == found.id
    amount_micros = from_card_amount(found.amount_minor, found.currency)
    ours = (refund.refund_id, refund.amount_micros, refund.currency)
    return ours == (found.metadata.get("refund_id"), amount_micros, found.currency)


def advance(refund: Refund, found: StripeRefund, now_ms: int) -> Refund:
    """Update a refund by what Stripe says; a state that is not later than the current one changes nothing."""
    if refund.stripe_refund_id is not None and RANKS[found.status] <= RANKS[refund.state]:
        return replace(refund, closed_at_break_ms=None)
    is_returned = found.status in RETURNED
    return replace(
        refund,
        state=found.status,
        stripe_refund_id=found.id,
        refunded_at_ms=found.created_at_ms,
        failed_at_ms=(refund.failed_at_ms or max(now_ms, found.created_at_ms)) if is_returned else None,
        failure=Failure(found.failure_reason or found.status) if is_returned else None,
        closed_at_break_ms=None,
    )


def with_failure(refund: Refund, failure: Failure) -> Refund:
    """Return the refund as failed, because Stripe never made it; unchanged if Stripe has it after all."""
    if refund.stripe_refund_id is not None:
        return refund
    return replace(refund, state="failed", failure=failure)


def with_closed_at_break(refund: Refund, now_ms: int) -> Refund:
    """Give up a refund whose Stripe account was disconnected. One that Stripe is not known to have has failed."""
    failure = Failure(CLOSED_AT_BREAK, None, "The Stripe account was disconnected before it was known to be made.")
    known = with_failure(refund, failure) if refund.state == "created" else refund
    return replace(known, closed_at_break_ms=now_ms)


def with_not_found(refund: Refund) -> Refund:
    """Return a refund that was closed at a break, once Stripe has said after all that it does not have it."""
    return replace(with_failure(refund, NOT_TAKEN), closed_at_break_ms=None)


def with_key_exhausted(refund: Refund, attempt: int, now_ms: int) -> Refund:
    """Mark the key of an attempt as exhausted: it only replays an error of Stripe's own."""
    is_open = refund.state == "created" and refund.attempt == attempt and refund.key_exhausted_at_ms is None
    return replace(refund, key_exhausted_at_ms=now_ms) if is_open else refund


def with_next_key(refund: Refund, after_attempt: int) -> Refund:
    """Give a refund the next attempt's key, unless it is no longer in `after_attempt`."""
    if refund.state != "created" or refund.attempt != after_attempt:
        return refund
    return replace(refund, attempt=after_attempt + 1, key_exhausted_at_ms=None)
