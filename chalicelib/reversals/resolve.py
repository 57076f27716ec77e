"""Resolve refunds and disputes of which more may come: ask Stripe, and send again a refund that it never had."""

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.ledger.post import LedgerBusy
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Failure, Payment
from chalicelib.payments.table import PaymentBusy
from chalicelib.reversals import dispute as disputing
from chalicelib.reversals import gateway as refund_gateway
from chalicelib.reversals import refund as refunding
from chalicelib.reversals import reversal
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.reversal import Reversals
from chalicelib.reversals.settle import record, settle, settle_dispute, settle_refunds
from chalicelib.reversals.table import Due
from chalicelib.stripe_api.errors import PaymentsUnavailable, StripeRefused, StripeUnavailable, reason_of


class UnknownDispute(Exception):
    """A dispute that Stripe told of is not there any more."""


def resolve_refund(payment: Payment, refund: Refund) -> Refund:
    """Bring a refund as far as Stripe lets it. One that cannot be brought further now is returned as it is.

    Raises ReversalMismatch, UnsettledPayment.
    """
    try:
        found = refund_gateway.refunds_of(payment)
        if any(refunding.is_same(refund, each) for each in found):
            return _of(settle_refunds(payment, found), refund)
        return _send_again(payment, refund, clock.now_ms())
    except (StripeUnavailable, LedgerBusy, PaymentBusy) as error:
        return _not_yet(refund, error)


def send(payment: Payment, refund: Refund) -> Refund:
    """Ask Stripe for a refund that it does not have yet, and settle the answer. Raises ReversalMismatch."""
    try:
        return _of(settle_refunds(payment, [refund_gateway.refund(payment, refund)]), refund)
    except StripeRefused as error:
        log().error("Stripe refused a refund", refund_id=refund.refund_id, code=error.code, reason=error.reason)
        return _given_up(payment, refund, Failure(error.code, None, error.reason))
    except PaymentsUnavailable as error:
        again = _with_next_key(payment, refund) if error.replayed else refund
        return _not_yet(refund, error) if again == refund or again.state != "created" else send(payment, again)
    except StripeUnavailable as error:
        return _not_yet(_with_key_spent(payment, refund) if error.replayed else refund, error)
    except (LedgerBusy, PaymentBusy) as error:
        return _not_yet(refund, error)


def _send_again(payment: Payment, refund: Refund, now_ms: int) -> Refund:
    """Go on with a refund that Stripe does not have: with the same key, while that surely is the same request."""
    if refund.state != "created":
        return refund
    if refunding.can_no_longer_arrive(refund, now_ms):
        return _given_up(payment, refund, Failure("not_found", None, "Stripe did not take the refund."))
    if refunding.is_key_expired(refund, now_ms):
        return refund  # what was sent at the last moment may still arrive
    if refund.key_exhausted_at_ms is None:
        return send(payment, refund)
    if not refunding.may_take_next_key(refund, now_ms):
        return refund
    # The new key's number is on the row before the key is used, so all who send this refund again use the same one.
    begun = _with_next_key(payment, refund)
    return send(payment, begun) if begun.state == "created" else begun


def _given_up(payment: Payment, refund: Refund, failure: Failure) -> Refund:
    return _of(record(payment, refund.refund_id, lambda each: refunding.given_up(each, failure)), refund)


def _with_next_key(payment: Payment, refund: Refund) -> Refund:
    attempt = refund.attempt
    return _of(record(payment, refund.refund_id, lambda each: refunding.with_next_key(each, attempt)), refund)


def _with_key_spent(payment: Payment, refund: Refund) -> Refund:
    now_ms, attempt = clock.now_ms(), refund.attempt
    return _of(
        record(payment, refund.refund_id, lambda each: refunding.with_key_exhausted(each, attempt, now_ms)), refund
    )


def _of(reversals: Reversals, refund: Refund) -> Refund:
    return reversals.refund(refund.refund_id) or refund


def _not_yet(refund: Refund, error: Exception) -> Refund:
    log().warning(
        "a refund stays unresolved",
        account_id=refund.account_id,
        refund_id=refund.refund_id,
        state=refund.state,
        reason=reason_of(error),
    )
    return refund


def look_again(due: Due) -> bool:
    """Look at a refund or dispute that is due, and tell whether nothing more is expected of it.

    Raises ReversalMismatch, UnknownDispute.
    """
    payment = payments.get(due.account_id, due.payment_id)
    try:
        # Noted first: one that kills the function must not be the first one of every run.
        seen = settle(payment, lambda each: _looked_at(each, due.id))
        refund, dispute = seen.refund(due.id), seen.dispute(due.id)
        if refund is not None:
            return refunding.check_at_ms(resolve_refund(seen.payment, refund)) is None
        return dispute is None or disputing.check_at_ms(_resolved(seen.payment, dispute)) is None
    except (StripeUnavailable, LedgerBusy, PaymentBusy) as error:
        log().warning("a refund or dispute stays unsettled", id=due.id, payment_id=due.payment_id, reason=str(error))
        return False


def _resolved(payment: Payment, dispute: Dispute) -> Dispute:
    found = refund_gateway.find_dispute(dispute.dispute_id, dispute.stripe_account)
    if found is None:
        raise UnknownDispute(f"dispute {dispute.dispute_id} of payment {payment.payment_id} is not at Stripe")
    return settle_dispute(payment, found).dispute(dispute.dispute_id) or dispute


def _looked_at(seen: Reversals, identifier: str) -> Reversals:
    seen = reversal.with_refund(seen, identifier, lambda each: replace(each, checks=each.checks + 1))
    return reversal.with_dispute(seen, identifier, lambda each: replace(each, checks=each.checks + 1))
