"""Decide on a late payment, which succeeded after it had been given up: it is applied, refunded, or parked.

A late payment is marked on its row (`late`) by the write that records its success, so none is missed. The write that
applies it to its subscription also marks it as applied. A subscription that no longer waits for a payment never waits
for it again, so an undecided payment may be refunded then.
"""

from typing import Final

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import Catalog
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.ledger.post import LedgerBusy
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.lifecycle import with_late_decision
from chalicelib.payments.payment import LateDecision, Payment
from chalicelib.payments.table import PaymentBusy
from chalicelib.reversals.issue_refund import NothingToRefund, RefundRequest, refund
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.subscription import Subscription
from chalicelib.text import Line

ACTOR: Final = "unneeded-payment"
REASON: Final = "The payment succeeded after it had been given up, and was not needed any more"


def decide_late_payment(account_id: str, payment_id: str, catalog: Catalog) -> Payment:
    """Decide on a late payment if that is possible now, and return the updated payment.

    It is safe to call this any number of times: the refund has one key. Raises PaymentNotFound, SubscriptionBusy.
    """
    current = advance_subscription(account_id, catalog, payment_id=payment_id, take_steps=False)
    payment = payments.get(account_id, payment_id)
    if payment.late != "undecided" or (current and _is_still_awaited(current, payment_id)):
        return payment
    late = "parked" if catalog.payments.unneeded == "park" else _refund(payment)
    if late is None:
        return payment
    if late == "parked":
        log().error("an unneeded payment is parked", account_id=account_id, payment_id=payment_id)
    return payments.change(payment, lambda each: with_late_decision(each, late))


def _is_still_awaited(current: Subscription, payment_id: str) -> bool:
    """Tell whether a payment may still be applied: now, or if the payment that is pending now fails."""
    return any(each and each.payment_id == payment_id for each in (current.pending, current.expired_pending))


def _refund(payment: Payment) -> LateDecision | None:
    """Refund a payment and return its new mark; None while the refund's result is not known."""
    key = Key(f"{ACTOR}-{payment.payment_id}", "operator")
    try:
        made = refund(
            accounts.get(payment.account_id), payment.payment_id, RefundRequest(Line(REASON)), key=key, actor=ACTOR
        )
    except (PaymentBusy, LedgerBusy):
        return None
    except NothingToRefund:
        return "refunded"  # it was refunded before
    except Refusal as refusal:
        log().warning("an unneeded payment was not refunded", payment_id=payment.payment_id, why=str(refusal))
        return "parked"
    return None if made.state == "created" else "refunded"
