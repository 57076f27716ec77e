"""Whether a refill that was decided earlier may still be sent to Stripe. Pure."""

from typing import Final

from chalicelib.auto_pay.auto_pay import LIMIT_REACHED, OUTDATED
from chalicelib.auto_pay.decision import REASONS, Charge, Decision
from chalicelib.cards.card import Card
from chalicelib.payments.payment import Failure, Payment
from chalicelib.stripe_api.attempt import LATE_EFFECT_MS

LATE_MS: Final = 10 * 60 * 1000
"""How long after its decision a refill counts as late. A working queue delivers it within seconds."""


def find_outdated_failure(payment: Payment, decision: Decision, card: Card | None) -> Failure | None:
    """Return the failure to record for a refill that must not be sent any more; None if it may be sent.

    `decision` is the one that would be made now if the refill did not exist, `card` the one that it would charge.
    """
    if not isinstance(decision, Charge):
        code = LIMIT_REACHED if decision.reason == LIMIT_REACHED else OUTDATED
        return Failure(code, None, f"It was not made: {REASONS[decision.reason]}")
    if card is None or card.payment_method_id != payment.payment_method_id:
        return Failure(OUTDATED, None, "It was not made: another card is on file by now.")
    if decision.amount_micros < payment.amount_micros:
        return Failure(OUTDATED, None, "It was not made: less than this is to be charged by now.")
    return None


def is_late(payment: Payment, now_ms: int) -> bool:
    """Tell whether a refill is late: it is not sent any more if auto-pay was switched off in the meantime."""
    return now_ms - payment.created_at_ms >= LATE_MS


def was_just_sent(payment: Payment, now_ms: int) -> bool:
    """Tell whether a refill that Stripe does not have may be on its way there, so it must not be canceled yet."""
    return payment.sent_at_ms is not None and now_ms - payment.sent_at_ms < LATE_EFFECT_MS
