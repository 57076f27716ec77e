"""Which types of events may trigger a mail, and by which rule. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.notices.budget_notice import budget_reached
from chalicelib.notices.notice import (
    CurrentState,
    Notice,
    auto_pay_failed,
    auto_pay_suspended,
    balance_exhausted,
    dispute_opened,
    low_balance,
    receipt,
    subscription_past_due,
    subscription_unpaid,
    verification_payment,
)
from chalicelib.notices.warning import auto_pay_limit, card_expiring, renewal_upcoming, trial_ending

Rule = Callable[[Any, CurrentState], Notice | None]

RULES: Final[Mapping[str, Rule]] = {
    "wallet.low": low_balance,
    "wallet.exhausted": balance_exhausted,
    "budget.reached": budget_reached,
    "payment.succeeded": receipt,
    "payment.failed": auto_pay_failed,
    "payment.requires_action": verification_payment,
    "payment.disputed": dispute_opened,
    "auto_pay.suspended": auto_pay_suspended,
    "auto_pay.limit_near": auto_pay_limit,
    "auto_pay.limit_reached": auto_pay_limit,
    "card.expiring": card_expiring,
    "subscription.renewal_upcoming": renewal_upcoming,
    "subscription.trial_ending": trial_ending,
    "subscription.past_due": subscription_past_due,
    "subscription.unpaid": subscription_unpaid,
}
"""The types of events that may trigger a mail. The rule on the bus copies these to the mails queue."""
