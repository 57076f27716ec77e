"""Tell whether a refill that was decided on may still be sent to Stripe. Pure."""

from typing import Final

from chalicelib.accounts.account import Card
from chalicelib.auto_pay.auto_pay import LIMIT_REACHED, OUTDATED
from chalicelib.auto_pay.decision import REASONS, Charge, Decision
from chalicelib.payments.payment import QUIET_MS, Failure, Payment

LATE_MS: Final = 10 * 60 * 1000
"""After its decision; a queue that works brings a refill within seconds."""


def why_outdated(payment: Payment, decision: Decision, card: Card | None) -> Failure | None:
    """Say why a refill must not be sent any more; None if it may.

    `decision` is what would be decided now if the refill did not exist, `card` the one on file.
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
    """Tell whether a refill is no longer one that is under way, which is finished even if auto-pay is switched off."""
    return now_ms - payment.created_at_ms >= LATE_MS


def may_arrive(payment: Payment, now_ms: int) -> bool:
    """Tell whether a refill that Stripe does not have may be on its way there: it must not be given up yet."""
    return payment.sent_at_ms is not None and now_ms - payment.sent_at_ms < QUIET_MS
