"""When to check a refund or a dispute next. Pure."""

from typing import Final

from chalicelib.payments.due import look_at_closed_ms
from chalicelib.payments.payment import DAY_MS
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.refund import Refund

FIRST_CHECK_MS: Final = 3 * 60 * 1000
LONGEST_CHECK_MS: Final = 60 * 60 * 1000
FIRST_DISPUTE_CHECK_MS: Final = 60 * 60 * 1000

MAY_FAIL_FOR_DAYS: Final = 32
"""How long the bank may return a refund: 30 days (docs.stripe.com/refunds#failed-refunds), and two days of margin."""

MAY_MOVE_FOR_DAYS: Final = 256
"""How long after it was opened a closed dispute may still change: a closed inquiry becomes a dispute, a lost one is
overturned, a won one goes to arbitration. Each step takes weeks (docs.stripe.com/disputes/how-disputes-work)."""


def check_at_ms(reversal: Refund | Dispute) -> int | None:
    """Return when the sweeper should check it; None when nothing more can happen to it.

    One that was closed at a break is looked at once a day, until its Stripe account is connected again.
    """
    if reversal.closed_at_break_ms is not None and reversal.posted == len(reversal.postings()):
        return look_at_closed_ms(reversal.closed_at_break_ms, reversal.updated_at_ms, DAY_MS)
    return _check_refund_at_ms(reversal) if isinstance(reversal, Refund) else _check_dispute_at_ms(reversal)


def _check_refund_at_ms(refund: Refund) -> int | None:
    """Return the next check: in 3 minutes, doubling up to an hour, until the refund is settled.

    One that has succeeded is checked 1, 2, 4, ... days after it was created.
    """
    if not refund.is_settled:
        return refund.updated_at_ms + min(LONGEST_CHECK_MS, FIRST_CHECK_MS << min(refund.checks, 10))
    if refund.state != "succeeded":
        return None
    return _rare_check_ms(refund.created_at_ms, refund.updated_at_ms, MAY_FAIL_FOR_DAYS)


def _check_dispute_at_ms(dispute: Dispute) -> int | None:
    """Return the next check: in 3 minutes if a posting is missing; in an hour, doubling up to a day, while it is open.

    A closed one is checked 1, 2, 4, ... days after it was opened.
    """
    if dispute.posted < len(dispute.wallet_movements):
        return dispute.updated_at_ms + FIRST_CHECK_MS
    if dispute.is_closed:
        return _rare_check_ms(dispute.opened_at_ms, dispute.updated_at_ms, MAY_MOVE_FOR_DAYS)
    return dispute.updated_at_ms + min(DAY_MS, FIRST_DISPUTE_CHECK_MS << min(dispute.checks, 10))


def _rare_check_ms(since_ms: int, checked_at_ms: int, for_days: int) -> int | None:
    """Return when to check a decided reversal that may still change: 1, 2, 4, ... days after `since_ms`."""
    days = 1
    while since_ms + days * DAY_MS <= checked_at_ms:
        days *= 2
    return since_ms + days * DAY_MS if days <= for_days else None
