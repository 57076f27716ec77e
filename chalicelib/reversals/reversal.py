"""A payment with its refunds and disputes: what has gone back of it, and what that does to the wallet. Pure.

Promise: whatever arrives in whatever order, the wallet is debited for what went back, and never for more than was paid.
A refund is debited in full, for Stripe never refunds more than was paid. A dispute is debited for what the refunds have
left: banks also take back what was refunded before. When a refund becomes known, or comes back, the disputes follow.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from chalicelib.ledger.posting import Posting
from chalicelib.money import card_step_micros
from chalicelib.payments.payment import Payment
from chalicelib.reversals import dispute as disputing
from chalicelib.reversals import refund as refunding
from chalicelib.reversals.dispute import Dispute, StripeDispute
from chalicelib.reversals.refund import Refund, StripeRefund

ReversalT = TypeVar("ReversalT", Refund, Dispute)


class ReversalMismatch(Exception):
    """A refund or dispute at Stripe is not of the payment that it names. Nothing is posted; somebody has to look."""


class Reversals(msgspec.Struct, frozen=True):
    """A payment as it was read, with all refunds and disputes of it, each kind oldest first."""

    payment: Payment
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    @property
    def refunded_micros(self) -> int:
        """Return what is refunded, as far as Stripe has it."""
        return sum(each.amount_micros for each in self.refunds if each.is_out)

    @property
    def unrefunded_micros(self) -> int:
        """Return what is left to be refunded, with refunds whose outcome is not known taken as made."""
        return self.payment.amount_micros - sum(each.amount_micros for each in self.refunds if each.holds)

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
        """Return all that the ledger should have, and is not known to have."""
        return [posting for each in self.rows for posting in each.postings()[each.posted :]]


def refundable_micros(reversals: Reversals, balance_micros: int, promised_micros: int) -> int:
    """Return how much of a payment can be refunded: what is unspent, in whole units of what a card takes.

    `promised_micros` is what other refunds of the account will still take from the wallet.
    """
    left = reversals.unrefunded_micros
    if reversals.payment.fills_wallet:
        left = min(left, balance_micros - promised_micros)
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


def told_of_refund(reversals: Reversals, found: StripeRefund, now_ms: int) -> Reversals:
    """Take in what Stripe says of a refund, asked for here or not. Raises ReversalMismatch."""
    check_belongs(reversals.payment, found)
    known = next((each for each in reversals.refunds if refunding.is_same(each, found)), None)
    if known is None:
        known = refunding.made_elsewhere(reversals.payment, found, now_ms)
        reversals = with_new_refund(reversals, known)
    return weighed(with_refund(reversals, known.refund_id, lambda each: refunding.advance(each, found, now_ms)), now_ms)


def told_of_dispute(reversals: Reversals, found: StripeDispute, now_ms: int) -> Reversals:
    """Take in what Stripe says of a dispute. Raises ReversalMismatch."""
    check_belongs(reversals.payment, found)
    if reversals.dispute(found.id) is None:
        known = (*reversals.disputes, disputing.opened(reversals.payment, found, now_ms))
        reversals = replace(reversals, disputes=known)
    return weighed(with_dispute(reversals, found.id, lambda each: disputing.advance(each, found)), now_ms)


def check_belongs(payment: Payment, found: StripeRefund | StripeDispute) -> None:
    """Check that what Stripe tells of is the payment's. Raises ReversalMismatch naming every difference."""
    pairs: dict[str, tuple[Any, Any]] = {
        "payment_intent": (payment.payment_intent_id, found.payment_intent_id),
        "currency": (payment.currency, found.currency),
        "stripe_account": (payment.stripe_account, found.stripe_account),
    }
    wrong = [f"{name} is {theirs!r}, not {ours!r}" for name, (ours, theirs) in pairs.items() if ours != theirs]
    if wrong:
        raise ReversalMismatch(f"{found.id} of payment {payment.payment_id}: {'; '.join(wrong)}")


def weighed(reversals: Reversals, now_ms: int) -> Reversals:
    """Let the disputes debit what the refunds have left, the oldest first; note on the payment what has gone back."""
    left = reversals.payment.amount_micros - reversals.refunded_micros
    disputes = []
    for each in sorted(reversals.disputes, key=lambda dispute: (dispute.opened_at_ms, dispute.dispute_id)):
        wanted = max(0, min(each.taken_micros, left))
        left -= wanted
        disputes.append(disputing.debiting(each, wanted, now_ms))
    payment = replace(
        reversals.payment,
        refunded_micros=reversals.refunded_micros,
        dispute_status=disputes[-1].status if disputes else None,
        objected_at_ms=disputes[-1].opened_at_ms if disputes else reversals.payment.objected_at_ms,
    )
    return Reversals(payment, reversals.refunds, tuple(disputes))


def with_posted(reversals: Reversals, posted: Reversals) -> Reversals:
    """Note that the ledger has all postings that `posted` came to. Others may have become due meanwhile."""
    refunds = {each.refund_id: len(each.postings()) for each in posted.refunds}
    disputes = {each.dispute_id: len(each.postings()) for each in posted.disputes}
    return replace(
        reversals,
        refunds=tuple(_posted(each, refunds.get(each.refund_id, 0)) for each in reversals.refunds),
        disputes=tuple(_posted(each, disputes.get(each.dispute_id, 0)) for each in reversals.disputes),
    )


def _posted(reversal: ReversalT, count: int) -> ReversalT:
    return replace(reversal, posted=count) if count > reversal.posted else reversal
