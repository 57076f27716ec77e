"""Account for what became of payments and of the card: once each, for the row remembers which payment it waits for.

Pure, and made of what is, never of what was told: the same facts give the same row, however often they are looked at.
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from chalicelib.accounts.account import Card
from chalicelib.auto_pay.auto_pay import NOT_SENT, AutoPay, LastRefusal, SuspendedReason
from chalicelib.catalog.policies import Retries
from chalicelib.payments.payment import Failure, Payment
from chalicelib.stripe_api.meanings import StripeError, meaning_of

AUTHENTICATION_REQUIRED: Final = "authentication_required"
"""The bank wants to see the customer: final (docs.stripe.com/declines/codes), never tried again by itself."""


def follow(auto_pay: AutoPay, payments: Iterable[Payment], card: Card | None, retries: Retries) -> AutoPay:
    """Return auto-pay as it is after these payments of the account, with this card on file.

    `payments` hold the one in flight, if there is one, and all that have ended since the last failure.
    """
    payments = list(payments)
    followed = _landed(auto_pay, payments, retries)
    if _paid_since_failure(followed, payments) or _card_replaced(followed, card):
        return followed.cleared()
    return followed


def _landed(auto_pay: AutoPay, payments: Iterable[Payment], retries: Retries) -> AutoPay:
    """Account for the payment in flight, if it has ended."""
    awaited = auto_pay.in_flight_payment_id
    if awaited is None:
        return auto_pay
    payment = next((each for each in payments if each.payment_id == awaited), None)
    if payment is not None and not payment.ended:
        return auto_pay
    landed = replace(auto_pay, in_flight_payment_id=None)
    if payment is None or payment.was_never_made or was_not_sent(payment):
        return landed
    return _failed(landed, payment, retries) if came_to_nothing(payment) else landed.cleared()


def came_to_nothing(payment: Payment) -> bool:
    """Tell whether no money moved, and none will."""
    return payment.state in {"failed", "canceled"}


def was_not_sent(payment: Payment) -> bool:
    """Tell whether a refill was out of date before its card was asked: nothing has failed, and it is decided anew."""
    return payment.state == "canceled" and payment.failure is not None and payment.failure.code in NOT_SENT


def _failed(auto_pay: AutoPay, payment: Payment, retries: Retries) -> AutoPay:
    failures = auto_pay.failures + 1
    wait_ms = retries.wait_ms(failures)
    suspended = _suspended_by(payment) or (None if wait_ms else "declines")
    failure = payment.failure or Failure("unknown")
    return replace(
        auto_pay,
        failures=failures,
        failed_at_ms=payment.state_at_ms,
        suspended_reason=suspended,
        next_attempt_at_ms=None if suspended or not wait_ms else payment.state_at_ms + wait_ms,
        last_refusal=LastRefusal(_reason(payment), payment.state_at_ms, failure.code, failure.decline_code),
    )


def _suspended_by(payment: Payment) -> SuspendedReason | None:
    if _reason(payment) == AUTHENTICATION_REQUIRED:
        return "authentication"
    if _reason(payment) == "card_unusable":
        return "card_unusable"
    return None


def _reason(payment: Payment) -> str:
    """Return why a payment came to nothing.

    Without a PaymentIntent, Stripe has refused the amount, or else the card or the customer.
    """
    if payment.state == "canceled":
        return "payment_canceled"
    if payment.failure and AUTHENTICATION_REQUIRED in {payment.failure.code, payment.failure.decline_code}:
        return AUTHENTICATION_REQUIRED
    if payment.failure and meaning_of("charge", StripeError(400, code=payment.failure.code)) == "typed":
        return "amount_refused"
    return "card_declined" if payment.payment_intent_id else "card_unusable"


def _paid_since_failure(auto_pay: AutoPay, payments: Iterable[Payment]) -> bool:
    """Tell whether a payment of any kind has succeeded after the last failure."""
    failed_at_ms = auto_pay.failed_at_ms
    return failed_at_ms is not None and any(
        each.ended and not came_to_nothing(each) and each.state_at_ms > failed_at_ms for each in payments
    )


def _card_replaced(auto_pay: AutoPay, card: Card | None) -> bool:
    """Tell whether another card has taken the place of the one that failed.

    One that Stripe no longer had may be saved anew: it works again, with the fingerprint that it had.
    """
    charged = auto_pay.charged_card
    if card is None or charged is None or auto_pay.failed_at_ms is None:
        return False
    saved_anew = auto_pay.suspended_reason == "card_unusable" and card.payment_method_id != charged.payment_method_id
    return saved_anew or card.fingerprint != charged.fingerprint
