"""Resolve refunds and disputes: ask Stripe for their state, and send a refund again that Stripe never received."""

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.connection.check_connection import is_access_lost
from chalicelib.connection.table import is_disconnected
from chalicelib.ledger.post import LedgerBusy
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Failure, Payment
from chalicelib.payments.table import PaymentBusy
from chalicelib.reversals import gateway
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.due import check_at_ms
from chalicelib.reversals.refund import (
    NOT_TAKEN,
    Refund,
    is_same_refund,
    with_closed_at_break,
    with_failure,
    with_key_exhausted,
    with_next_key,
    with_not_found,
)
from chalicelib.reversals.reversal import Reversals, with_dispute, with_refund
from chalicelib.reversals.settle import record, settle, settle_dispute, settle_refunds
from chalicelib.reversals.table import DueReversal
from chalicelib.stripe_api.attempt import GiveUp, Send, Wait, next_attempt
from chalicelib.stripe_api.errors import AccessGone, PaymentsUnavailable, StripeRefused, StripeUnavailable, reason_of


class UnknownDispute(Exception):
    """A dispute that Stripe reported is not at Stripe any more."""


def resolve_refund(payment: Payment, refund: Refund) -> Refund:
    """Settle a refund by what Stripe says, or send it again. One that cannot be resolved now is returned unchanged.

    Raises ReversalMismatch, UnsettledPayment.
    """
    try:
        found = gateway.list_refunds(payment)
        if any(is_same_refund(refund, each) for each in found):
            return _refund_of(settle_refunds(payment, found), refund)
        if refund.closed_at_break_ms is not None:
            return _refund_of(record(payment, refund.refund_id, with_not_found), refund)
        return _send_again(payment, refund, clock.now_ms()) if refund.state == "created" else refund
    except AccessGone as error:
        is_over = is_access_lost(payment.stripe_account)
        return _close_at_break(payment, refund) if is_over else _leave_unresolved(refund, error)
    except (StripeUnavailable, LedgerBusy, PaymentBusy) as error:
        return _leave_unresolved(refund, error)


def send(payment: Payment, refund: Refund) -> Refund:
    """Ask Stripe for a refund that it does not have yet, and settle the answer. Raises ReversalMismatch."""
    try:
        return _refund_of(settle_refunds(payment, [gateway.create_refund(payment, refund)]), refund)
    except StripeRefused as error:
        log().error("Stripe refused a refund", refund_id=refund.refund_id, code=error.code, reason=error.reason)
        return _fail(payment, refund, Failure(error.code, None, error.reason))
    except PaymentsUnavailable as error:
        renewed = _take_next_key(payment, refund) if error.replayed else refund
        is_sent_again = renewed != refund and renewed.state == "created"
        return send(payment, renewed) if is_sent_again else _leave_unresolved(refund, error)
    except StripeUnavailable as error:
        return _leave_unresolved(_mark_key_exhausted(payment, refund) if error.replayed else refund, error)
    except (LedgerBusy, PaymentBusy) as error:
        return _leave_unresolved(refund, error)


def _send_again(payment: Payment, refund: Refund, now_ms: int) -> Refund:
    """Resume a refund that Stripe does not have."""
    match next_attempt(refund, now_ms):
        case Send(with_next_key=False):
            return send(payment, refund)
        case Send():
            # The new key is on the row before it is used, so concurrent calls for this refund use the same one.
            renewed = _take_next_key(payment, refund)
            return send(payment, renewed) if renewed.state == "created" else renewed
        case GiveUp():
            return _fail(payment, refund, NOT_TAKEN)
        case Wait():
            return refund


def _fail(payment: Payment, refund: Refund, failure: Failure) -> Refund:
    return _refund_of(record(payment, refund.refund_id, lambda each: with_failure(each, failure)), refund)


def _take_next_key(payment: Payment, refund: Refund) -> Refund:
    renewed = record(payment, refund.refund_id, lambda each: with_next_key(each, refund.attempt))
    return _refund_of(renewed, refund)


def _mark_key_exhausted(payment: Payment, refund: Refund) -> Refund:
    now_ms = clock.now_ms()
    marked = record(payment, refund.refund_id, lambda each: with_key_exhausted(each, refund.attempt, now_ms))
    return _refund_of(marked, refund)


def _refund_of(reversals: Reversals, refund: Refund) -> Refund:
    return reversals.refund(refund.refund_id) or refund


def _leave_unresolved(refund: Refund, error: Exception) -> Refund:
    log().warning(
        "a refund stays unresolved",
        account_id=refund.account_id,
        refund_id=refund.refund_id,
        state=refund.state,
        reason=reason_of(error),
    )
    return refund


def check_again(due: DueReversal) -> bool:
    """Ask Stripe about a refund or dispute that is due; tell whether nothing more can happen to it.

    Raises ReversalMismatch, UnknownDispute.
    """
    payment = payments.get(due.account_id, due.payment_id)
    try:
        # The check is counted first: a row that kills the function must not be the first one of every run.
        counted = settle(payment, lambda reversals: _with_check_counted(reversals, due.id))
        refund, dispute = counted.refund(due.id), counted.dispute(due.id)
        is_closed = any(each and each.closed_at_break_ms is not None for each in (refund, dispute))
        if is_closed and is_disconnected(payment.stripe_account):
            return False  # it goes on when the account is connected again
        if refund is not None:
            return check_at_ms(resolve_refund(counted.payment, refund)) is None
        return dispute is None or check_at_ms(_resolve_dispute(counted.payment, dispute)) is None
    except AccessGone:
        if is_access_lost(payment.stripe_account):
            _close_dispute_at_break(payment, due.id)
        return False
    except (StripeUnavailable, LedgerBusy, PaymentBusy) as error:
        log().warning("a refund or dispute stays unsettled", id=due.id, payment_id=due.payment_id, reason=str(error))
        return False


def _close_at_break(payment: Payment, refund: Refund) -> Refund:
    now_ms = clock.now_ms()
    log().warning("a refund is closed: its Stripe account is disconnected", refund_id=refund.refund_id)
    return _refund_of(record(payment, refund.refund_id, lambda each: with_closed_at_break(each, now_ms)), refund)


def _close_dispute_at_break(payment: Payment, dispute_id: str) -> None:
    now_ms = clock.now_ms()
    log().warning("a dispute is closed: its Stripe account is disconnected", dispute_id=dispute_id)
    settle(
        payment,
        lambda reversals: with_dispute(reversals, dispute_id, lambda each: replace(each, closed_at_break_ms=now_ms)),
    )


def _resolve_dispute(payment: Payment, dispute: Dispute) -> Dispute:
    found = gateway.find_dispute(dispute.dispute_id, dispute.stripe_account)
    if found is None:
        raise UnknownDispute(f"dispute {dispute.dispute_id} of payment {payment.payment_id} is not at Stripe")
    return settle_dispute(payment, found).dispute(dispute.dispute_id) or dispute


def _with_check_counted(reversals: Reversals, identifier: str) -> Reversals:
    reversals = with_refund(reversals, identifier, lambda each: replace(each, checks=each.checks + 1))
    return with_dispute(reversals, identifier, lambda each: replace(each, checks=each.checks + 1))
