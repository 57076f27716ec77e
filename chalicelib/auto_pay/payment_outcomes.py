"""How a payment that ended, or another card on file, changes the state of auto-pay. Pure.

Each outcome counts once, because the state holds the id of the payment that it waits for. The state is derived from
the payments themselves, never from a message: the same payments give the same state, however often they are read.
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from chalicelib.auto_pay.auto_pay import NOT_SENT_CODES, AutoPay, LastRefusal, SuspendedReason
from chalicelib.cards.card import Card
from chalicelib.catalog.policies import Retries
from chalicelib.payments.payment import Failure, Payment
from chalicelib.stripe_api.meanings import StripeError, meaning_of

AUTHENTICATION_REQUIRED: Final = "authentication_required"
"""The bank requires the customer to authenticate (docs.stripe.com/declines/codes): not retried without them."""


def apply_payments(auto_pay: AutoPay, payments: Iterable[Payment], card: Card | None, retries: Retries) -> AutoPay:
    """Return the state after these payments, with this card on file.

    `payments` must contain the refill in flight, if there is one, and all that have ended since the last failure.
    """
    payments = list(payments)
    updated = _apply_payment_result(auto_pay, payments, retries)
    if _has_paid_since_failure(updated, payments) or _is_card_replaced(updated, card):
        return updated.clear_failures()
    return updated


def _apply_payment_result(auto_pay: AutoPay, payments: Iterable[Payment], retries: Retries) -> AutoPay:
    """Apply the result of the refill in flight, if it has ended."""
    payment_id = auto_pay.in_flight_payment_id
    if payment_id is None:
        return auto_pay
    payment = next((each for each in payments if each.payment_id == payment_id), None)
    if payment is not None and not payment.ended:
        return auto_pay
    updated = replace(auto_pay, in_flight_payment_id=None)
    if payment is None or payment.was_never_made or was_not_sent(payment) or payment.closed_at_break_ms is not None:
        return updated
    return _count_failure(updated, payment, retries) if is_failed_or_canceled(payment) else updated.clear_failures()


def is_failed_or_canceled(payment: Payment) -> bool:
    """Tell whether a payment has ended without moving money."""
    return payment.state in {"failed", "canceled"}


def was_not_sent(payment: Payment) -> bool:
    """Tell whether a refill was canceled before it was sent: that is not a failure, and a new decision follows."""
    return payment.state == "canceled" and payment.failure is not None and payment.failure.code in NOT_SENT_CODES


def _count_failure(auto_pay: AutoPay, payment: Payment, retries: Retries) -> AutoPay:
    failures = auto_pay.failures + 1
    wait_ms = retries.wait_ms(failures)
    suspended = _suspension_reason(payment) or (None if wait_ms else "declines")
    failure = payment.failure or Failure("unknown")
    return replace(
        auto_pay,
        failures=failures,
        failed_at_ms=payment.state_at_ms,
        suspended_reason=suspended,
        next_attempt_at_ms=None if suspended or not wait_ms else payment.state_at_ms + wait_ms,
        last_refusal=LastRefusal(_failure_reason(payment), payment.state_at_ms, failure.code, failure.decline_code),
    )


def _suspension_reason(payment: Payment) -> SuspendedReason | None:
    if _failure_reason(payment) == AUTHENTICATION_REQUIRED:
        return "authentication"
    if _failure_reason(payment) == "card_unusable":
        return "card_unusable"
    return None


def _failure_reason(payment: Payment) -> str:
    """Return why a payment failed. Without a PaymentIntent, Stripe refused the amount, the card or the customer."""
    if payment.state == "canceled":
        return "payment_canceled"
    if payment.failure and AUTHENTICATION_REQUIRED in {payment.failure.code, payment.failure.decline_code}:
        return AUTHENTICATION_REQUIRED
    if payment.failure and meaning_of("charge", StripeError(400, code=payment.failure.code)) == "typed":
        return "amount_refused"
    return "card_declined" if payment.payment_intent_id else "card_unusable"


def _has_paid_since_failure(auto_pay: AutoPay, payments: Iterable[Payment]) -> bool:
    """Tell whether a payment of any kind has succeeded after the last failure."""
    failed_at_ms = auto_pay.failed_at_ms
    return failed_at_ms is not None and any(
        each.ended and not is_failed_or_canceled(each) and each.state_at_ms > failed_at_ms for each in payments
    )


def _is_card_replaced(auto_pay: AutoPay, card: Card | None) -> bool:
    """Tell whether the card on file is not the one that failed.

    A card that Stripe no longer had may be saved again: it then works again, with the same fingerprint as before.
    """
    charged = auto_pay.charged_card
    if card is None or charged is None or auto_pay.failed_at_ms is None:
        return False
    saved_anew = auto_pay.suspended_reason == "card_unusable" and card.payment_method_id != charged.payment_method_id
    return saved_anew or card.fingerprint != charged.fingerprint
