"""Settle refunds and disputes: write what Stripe says of them on their rows, and post it to the ledger. Safe to repeat.

The row is written first: it fixes what is posted and with which time, and stays unsettled. Then the ledger is posted
to, and then the row is marked as posted. If this is cut off in between, the next call resumes it.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from chalicelib import clock
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.post import post
from chalicelib.log import log
from chalicelib.payments.payment import Payment
from chalicelib.reversals import table
from chalicelib.reversals.dispute import StripeDispute
from chalicelib.reversals.refund import Refund, StripeRefund
from chalicelib.reversals.reversal import (
    Reversals,
    apply_dispute_update,
    apply_refund_update,
    with_posted,
    with_refund,
)

AT_ONCE: Final = 50
"""Refunds of one payment settled together: well below the 100 items that a transaction takes."""


class UnsettledPayment(Exception):
    """Money went back from a payment that is not known to have succeeded. Nothing is posted."""


def settle_refunds(payment: Payment, found: list[StripeRefund]) -> Reversals:
    """Settle refunds by what Stripe says of them. Raises ReversalMismatch, LedgerBusy, PaymentBusy."""
    settled = settle(payment, partial(_apply_refund_updates, found[:AT_ONCE]))
    for start in range(AT_ONCE, len(found), AT_ONCE):
        settled = settle(payment, partial(_apply_refund_updates, found[start : start + AT_ONCE]))
    return settled


def _apply_refund_updates(found: list[StripeRefund], reversals: Reversals) -> Reversals:
    for each in found:
        reversals = apply_refund_update(reversals, each, clock.now_ms())
    return reversals


def settle_dispute(payment: Payment, found: StripeDispute) -> Reversals:
    """Settle a dispute by what Stripe says of it. Raises ReversalMismatch, LedgerBusy, PaymentBusy."""
    return settle(payment, lambda reversals: apply_dispute_update(reversals, found, clock.now_ms()))


def settle(payment: Payment, rule: Callable[[Reversals], Reversals]) -> Reversals:
    """Apply a rule to a payment's refunds and disputes, post the result, and return them as they are then."""

    def apply_to_succeeded(reversals: Reversals) -> Reversals:
        state = reversals.payment.state
        if state != "succeeded":
            raise UnsettledPayment(f"payment {reversals.payment.payment_id} is {state}, yet money went back")
        return rule(reversals)

    written = table.change(payment, apply_to_succeeded)
    if not written.postings():
        return written
    _post(written)
    return table.change(written.payment, lambda reversals: with_posted(reversals, written))


def record(payment: Payment, refund_id: str, rule: Callable[[Refund], Refund]) -> Reversals:
    """Apply a rule to a refund that Stripe does not have, and write its row. Moves no money."""
    return table.change(payment, lambda reversals: with_refund(reversals, refund_id, rule))


def _post(reversals: Reversals) -> None:
    """Post what the ledger does not have yet, in one commit. Raises EventConflict, LedgerBusy."""
    result = post(reversals.postings())
    for conflict in result.conflicts:
        raise EventConflict(conflict)
    for refused in result.refused:
        raise refused.error
    for posting in result.posted:
        log().info(
            "a refund or dispute moved a wallet",
            account_id=reversals.payment.account_id,
            payment_id=reversals.payment.payment_id,
            kind=posting.content.kind,
            event_id=posting.identity.event_id,
            amount_micros=posting.legs[0].signed_micros,
        )
