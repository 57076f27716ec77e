"""A payment with its refunds and disputes: how much of it went back, and what that does to the wallet. Pure.

Promise: in whatever order updates arrive, the wallet is debited for what went back, and never for more than was paid. A
refund is debited in full, because Stripe never refunds more than was paid. A dispute is debited only for what the
refunds have left, because banks also withdraw what was refunded before. When a refund becomes known or is returned, the
debits of the disputes are adjusted.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from chalicelib.ledger.posting import Posting
from chalicelib.money import card_step_micros
from chalicelib.payments.payment import Payment
from chalicelib.reversals.dispute import Dispute, StripeDispute, dispute_from_stripe, with_total_debit
from chalicelib.reversals.dispute import advance as advance_dispute
from chalicelib.reversals.refund import Refund, StripeRefund, is_same_refund, refund_from_stripe
from chalicelib.reversals.refund import advance as advance_refund

ReversalT = TypeVar("ReversalT", Refund, Dispute)


class ReversalMismatch(Exception):
    """A refund or dispute at Stripe does not belong to the payment it names. Nothing is posted; a person must act."""


class Reversals(msgspec.Struct, frozen=True):
    """A payment with all its refunds and disputes, as they were read; each kind oldest first."""

    payment: Payment
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    @property
    def refunded_micros(self) -> int:
        """Return what is refunded at Stripe."""
        return sum(each.amount_micros for each in self.refunds if each.accepted_by_stripe)

    @property
    def unrefunded_micros(self) -> int:
        """Return what is left to be refunded. Refunds whose outcome is not known count as made."""
        counted = sum(each.amount_micros for each in self.refunds if each.counts_against_payment)
        return self.payment.amount_micros - counted

    def refund(self, refund_id: str) -> Refund | None:
        """Return a refund by our id."""
        return next((each for each in self.refunds if each.refund_id == refund_id), None)

    def dispute(self, dispute_id: str) -> Dispute | None:
        """Return a dispute by Stripe's id."""
        return next((each for each in self.disputes if each.dispute_id == dispute_id), None)

    @property
    def rows(self) -> tuple[Refund | Dispute, ...]:
        """Return the refunds and the disputes together."""
        return (*self.refunds, *self.disputes)

    def postings(self) -> list[Posting]:
        """Return the postings that the ledger should have and is not known to have."""
        return [posting for each in self.rows for posting in each.postings()[each.posted :]]


def refundable_micros(reversals: Reversals, balance_micros: int, pending_micros: int) -> int:
    """Return how much of a payment can be refunded: what is unspent, in multiples of the card step.

    `pending_micros` is what other refunds of the account will still debit from the wallet.
    """
    left = reversals.unrefunded_micros
    if reversals.payment.fills_wallet:
        left = min(left, balance_micros - pending_micros)
    return max(0, left - left % card_step_micros(reversals.payment.currency))


def with_new_refund(reversals: Reversals, refund: Refund) -> Reversals:
    """Return the payment with a refund that Stripe does not have yet."""
    return replace(reversals, refunds=(*reversals.refunds, refund))


def with_refund(reversals: Reversals, refund_id: str, rule: Callable[[Refund], Refund]) -> Reversals:
    """Return the payment with a rule applied to one of its refunds."""
    refunds = tuple(rule(each) if each.refund_id == refund_id else each for each in reversals.refunds)
    return replace(reversals, refunds=refunds)


def with_dispute(reversals: Reversals, dispute_id: str, rule: Callable[[Dispute], Dispute]) -> Reversals:
    """Return the payment with a rule applied to one of its disputes."""
    disputes = tuple(rule(each) if each.dispute_id == dispute_id else each for each in reversals.disputes)
    return replace(reversals, disputes=disputes)


def apply_refund_update(reversals: Reversals, found: StripeRefund, now_ms: int) -> Reversals:
    """Apply what Stripe says of a refund, whether it was requested here or not. Raises ReversalMismatch."""
    check_belongs(reversals.payment, found)
    known = next((each for each in reversals.refunds if is_same_refund(each, found)), None)
    if known is None:
        known = refund_from_stripe(reversals.payment, found, now_ms)
        reversals = with_new_refund(reversals, known)
    updated = with_refund(reversals, known.refund_id, lambda each: advance_refund(each, found, now_ms))
    return allocate_dispute_debits(updated, now_ms)


def apply_dispute_update(reversals: Reversals, found: StripeDispute, now_ms: int) -> Reversals:
    """Apply what Stripe says of a dispute. Raises ReversalMismatch."""
    check_belongs(reversals.payment, found)
    if reversals.dispute(found.id) is None:
        new = dispute_from_stripe(reversals.payment, found, now_ms)
        reversals = replace(reversals, disputes=(*reversals.disputes, new))
    updated = with_dispute(reversals, found.id, lambda each: advance_dispute(each, found))
    return allocate_dispute_debits(updated, now_ms)


def check_belongs(payment: Payment, found: StripeRefund | StripeDispute) -> None:
    """Check that Stripe's refund or dispute is the payment's. Raises ReversalMismatch with every difference."""
    pairs: dict[str, tuple[Any, Any]] = {
        "payment_intent": (payment.payment_intent_id, found.payment_intent_id),
        "currency": (payment.currency, found.currency),
        "stripe_account": (payment.stripe_account, found.stripe_account),
    }
    wrong = [f"{name} is {theirs!r}, not {ours!r}" for name, (ours, theirs) in pairs.items() if ours != theirs]
    if wrong:
        raise ReversalMismatch(f"{found.id} of payment {payment.payment_id}: {'; '.join(wrong)}")


def allocate_dispute_debits(reversals: Reversals, now_ms: int) -> Reversals:
    """Let the disputes debit what the refunds have left, the oldest first; update the payment by what went back."""
    left = reversals.payment.amount_micros - reversals.refunded_micros
    disputes = []
    for each in sorted(reversals.disputes, key=lambda dispute: (dispute.opened_at_ms, dispute.dispute_id)):
        debit_micros = max(0, min(each.withdrawn_micros, left))
        left -= debit_micros
        disputes.append(with_total_debit(each, debit_micros, now_ms))
    payment = replace(
        reversals.payment,
        refunded_micros=reversals.refunded_micros,
        dispute_status=disputes[-1].status if disputes else None,
        objected_at_ms=disputes[-1].opened_at_ms if disputes else reversals.payment.objected_at_ms,
    )
    return Reversals(payment, reversals.refunds, tuple(disputes))


def with_posted(reversals: Reversals, posted: Reversals) -> Reversals:
    """Mark that the ledger has all postings of `posted`. Others may have been added in the meantime."""
    refunds = {each.refund_id: len(each.postings()) for each in posted.refunds}
    disputes = {each.dispute_id: len(each.postings()) for each in posted.disputes}
    return replace(
        reversals,
        refunds=tuple(_with_posted(each, refunds.get(each.refund_id, 0)) for each in reversals.refunds),
        disputes=tuple(_with_posted(each, disputes.get(each.dispute_id, 0)) for each in reversals.disputes),
    )


def _with_posted(reversal: ReversalT, count: int) -> ReversalT:
    return replace(reversal, posted=count) if count > reversal.posted else reversal
