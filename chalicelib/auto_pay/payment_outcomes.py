"""How a payment that ended, or another card on file, changes the state of auto-pay. Pure.

Each outcome counts once, because the state holds the id of the payment that it waits for. The state is derived from
the payments themselves, never from a message: the same payments give the same state, however often they are read.
"""

from collections.abc import Collection, Iterable
from typing import Final

from msgspec.structs import replace

from chalicelib.auto_pay.auto_pay import NOT_SENT_CODES, AutoPay, LastRefusal, SuspendedReason
from chalicelib.cards.card import Card
from chalicelib.catalog.policies import Retries
from chalicelib.payments.backup import may_try_backup
from chalicelib.payments.payment import Failure, Payment
from chalicelib.stripe_api.meanings import StripeError, meaning_of

AUTHENTICATION_REQUIRED: Final = "authentication_required"
"""The bank requires the customer to authenticate (docs.stripe.com/declines/codes): not retried without them."""


def apply_payments(
    auto_pay: AutoPay, payments: Iterable[Payment], card: Card | None, retries: Retries, *, backup: Card | None = None
) -> AutoPay:
    """Return the state after these payments, with this default card, and the backup if that can be charged.

    `payments` must contain the refill in flight, if there is one, and all that have ended since the last failure. If
    the default was declined and the backup is to be tried, the attempt has not failed yet: `declined_default` is set.
    """
    payments = list(payments)
    updated = _apply_payment_result(auto_pay, payments, retries, backup)
    charged = [each for each in (card, backup if _helps_backup(updated.suspended_reason) else None) if each]
    if _has_paid_since_failure(updated, payments, charged) or _is_card_replaced(updated, card):
        return updated.clear_failures()
    return updated


def _apply_payment_result(
    auto_pay: AutoPay, payments: Iterable[Payment], retries: Retries, backup: Card | None
) -> AutoPay:
    """Apply the result of the refill in flight, if it has ended."""
    payment_id = auto_pay.in_flight_payment_id
    if payment_id is None:
        return auto_pay
    payment = next((each for each in payments if each.payment_id == payment_id), None)
    if payment is not None and not payment.ended:
        return auto_pay
    updated = replace(auto_pay, in_flight_payment_id=None)
    if payment is None or payment.was_never_made or was_not_sent(payment) or payment.closed_at_break_ms is not None:
        return count_declined_default(updated, retries)
    return (
        _apply_failure(updated, payment, retries, backup)
        if is_failed_or_canceled(payment)
        else updated.clear_failures()
    )


def _apply_failure(auto_pay: AutoPay, payment: Payment, retries: Retries, backup: Card | None) -> AutoPay:
    if auto_pay.declined_default:
        return count_declined_default(auto_pay, retries, at_ms=payment.state_at_ms)
    if may_try_backup(payment, backup):
        return replace(auto_pay, declined_default=_refusal_of(payment))
    return _count_failure(auto_pay, _refusal_of(payment), retries, _suspension_reason(payment))


def count_declined_default(auto_pay: AutoPay, retries: Retries, *, at_ms: int | None = None) -> AutoPay:
    """Return it after the backup did not pay either: the attempt failed once, for the default's reason.

    It ended when the backup was declined, at `at_ms`; without a try of the backup, when the default was.
    """
    declined = auto_pay.declined_default
    if declined is None:
        return auto_pay
    refusal = declined if at_ms is None else replace(declined, at_ms=at_ms)
    return _count_failure(replace(auto_pay, declined_default=None), refusal, retries, None)


def is_failed_or_canceled(payment: Payment) -> bool:
    """Tell whether a payment has ended without moving money."""
    return payment.state in {"failed", "canceled"}


def was_not_sent(payment: Payment) -> bool:
    """Tell whether a refill was canceled before it was sent: that is not a failure, and a new decision follows."""
    return payment.state == "canceled" and payment.failure is not None and payment.failure.code in NOT_SENT_CODES


def _count_failure(
    auto_pay: AutoPay, refusal: LastRefusal, retries: Retries, suspended: SuspendedReason | None
) -> AutoPay:
    failures = auto_pay.failures + 1
    wait_ms = retries.wait_ms(failures)
    suspended = suspended or (None if wait_ms else "declines")
    return replace(
        auto_pay,
        failures=failures,
        failed_at_ms=refusal.at_ms,
        suspended_reason=suspended,
        next_attempt_at_ms=None if suspended or not wait_ms else refusal.at_ms + wait_ms,
        last_refusal=refusal,
    )


def _refusal_of(payment: Payment) -> LastRefusal:
    failure = payment.failure or Failure("unknown")
    return LastRefusal(_failure_reason(payment), payment.state_at_ms, failure.code, failure.decline_code)


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


def _helps_backup(suspended_reason: SuspendedReason | None) -> bool:
    """Tell whether the backup is tried for what suspends it: if the default has to be confirmed or saved, it is not."""
    return suspended_reason in {None, "declines"}


def _has_paid_since_failure(auto_pay: AutoPay, payments: Iterable[Payment], charged: Collection[Card]) -> bool:
    """Tell whether a payment of any kind has succeeded after the last failure, by a card that auto-pay charges."""
    failed_at_ms = auto_pay.failed_at_ms
    return failed_at_ms is not None and any(
        each.ended
        and not is_failed_or_canceled(each)
        and each.state_at_ms > failed_at_ms
        and any(each.is_made_with(card) for card in charged)
        for each in payments
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
