"""Decide on money that moved after its payment was given up: it brings what it was for, goes back, or is parked.

Which payments these are is on their rows (`late`), written with the success itself, so none is missed and none is
decided on twice. What a payment was for is there by the write that also marks it as applied; once a subscription does
not wait for it any more, it never will again. So whoever finds it undecided then may give it back.
"""

from typing import Final

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import Catalog
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.ledger.post import LedgerBusy
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Late, Payment, decided
from chalicelib.payments.table import PaymentBusy
from chalicelib.reversals.issue_refund import NothingToRefund, RefundRequest, refund
from chalicelib.subscriptions.advance import follow
from chalicelib.subscriptions.subscription import Subscription
from chalicelib.text import Line

ACTOR: Final = "unneeded-payment"
REASON: Final = "The payment succeeded after it had been given up, and was not needed any more"


def decide_late(account_id: str, payment_id: str, catalog: Catalog) -> Payment:
    """Decide on a payment's late money, as far as that can be decided now, and return the payment as it then is.

    Anybody may, any number of times: a refund has one key. Raises PaymentNotFound, SubscriptionBusy.
    """
    current = follow(account_id, catalog, payment_id=payment_id, begins=False)
    payment = payments.get(account_id, payment_id)
    if payment.late != "undecided" or (current and _may_still_bring(current, payment_id)):
        return payment
    late = "parked" if catalog.payments.unneeded == "park" else _given_back(payment)
    if late is None:
        return payment
    if late == "parked":
        log().error("a payment that brought nothing is parked", account_id=account_id, payment_id=payment_id)
    return payments.change(payment, lambda each: decided(each, late))


def _may_still_bring(current: Subscription, payment_id: str) -> bool:
    """Tell whether a subscription waits for a payment, or goes back to it should the one that it waits for fail."""
    return any(each and each.payment_id == payment_id for each in (current.pending, current.lapsed))


def _given_back(payment: Payment) -> Late | None:
    """Refund a payment, and return what has become of it; None while that is not known."""
    key = Key(f"{ACTOR}-{payment.payment_id}", "operator")
    try:
        made = refund(
            accounts.get(payment.account_id), payment.payment_id, RefundRequest(Line(REASON)), key=key, actor=ACTOR
        )
    except (PaymentBusy, LedgerBusy):
        return None
    except NothingToRefund:
        return "refunded"  # by somebody else
    except Refusal as refusal:
        log().warning("an unneeded payment was not refunded", payment_id=payment.payment_id, why=str(refusal))
        return "parked"
    return None if made.state == "created" else "refunded"
