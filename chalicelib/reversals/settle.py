"""Settle refunds and disputes: bring what Stripe says of them onto their rows and into the ledger.

Anyone may, at any time. The row comes first: it fixes what is posted and when that was, and stays unsettled. The ledger
comes second, and the row's note that the ledger has it third. Cut off in between, whoever settles next goes on.
"""

from collections.abc import Callable
from functools import reduce
from typing import Final

from chalicelib import clock
from chalicelib.ledger.commit import EventConflict
from chalicelib.ledger.post import post
from chalicelib.log import log
from chalicelib.payments.payment import Payment
from chalicelib.reversals import reversal
from chalicelib.reversals import table as reversal_table
from chalicelib.reversals.dispute import StripeDispute
from chalicelib.reversals.refund import Refund, StripeRefund
from chalicelib.reversals.reversal import Reversals

AT_ONCE: Final = 50
"""Refunds of one payment settled together: well below the 100 items that a transaction takes."""


class UnsettledPayment(Exception):
    """Money went back of a payment that is not known to have succeeded. Nothing is posted."""


def settle_refunds(payment: Payment, found: list[StripeRefund]) -> Reversals:
    """Settle refunds by what Stripe says of them. Raises ReversalMismatch, LedgerBusy, PaymentBusy."""

    def telling(part: list[StripeRefund]) -> Callable[[Reversals], Reversals]:
        return lambda seen: reduce(lambda told, each: reversal.told_of_refund(told, each, clock.now_ms()), part, seen)

    settled = settle(payment, telling(found[:AT_ONCE]))
    for start in range(AT_ONCE, len(found), AT_ONCE):
        settled = settle(payment, telling(found[start : start + AT_ONCE]))
    return settled


def settle_dispute(payment: Payment, found: StripeDispute) -> Reversals:
    """Settle a dispute by what Stripe says of it. Raises ReversalMismatch, LedgerBusy, PaymentBusy."""
    return settle(payment, lambda seen: reversal.told_of_dispute(seen, found, clock.now_ms()))


def settle(payment: Payment, rule: Callable[[Reversals], Reversals]) -> Reversals:
    """Apply a rule to what became of a payment, post what follows, and return it as it then is."""

    def of_succeeded(seen: Reversals) -> Reversals:
        if seen.payment.state != "succeeded":
            raise UnsettledPayment(f"payment {seen.payment.payment_id} is {seen.payment.state}, yet money went back")
        return rule(seen)

    told = reversal_table.change(payment, of_succeeded)
    if not told.postings():
        return told
    _post(told)
    return reversal_table.change(told.payment, lambda seen: reversal.with_posted(seen, told))


def record(payment: Payment, refund_id: str, rule: Callable[[Refund], Refund]) -> Reversals:
    """Write on a refund's row what became of it while Stripe does not have it. Moves no money."""
    return reversal_table.change(payment, lambda seen: reversal.with_refund(seen, refund_id, rule))


def _post(told: Reversals) -> None:
    """Post what follows for the wallet, in one commit. Raises EventConflict, LedgerBusy."""
    result = post(told.postings())
    for conflict in result.conflicts:
        raise EventConflict(conflict)
    for refused in result.refused:
        raise refused.error
    for posting in result.posted:
        log().info(
            "a wallet was moved by a refund or dispute",
            account_id=told.payment.account_id,
            payment_id=told.payment.payment_id,
            kind=posting.content.kind,
            event_id=posting.identity.event_id,
            amount_micros=posting.legs[0].signed_micros,
        )
