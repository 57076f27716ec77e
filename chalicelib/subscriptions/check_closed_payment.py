"""Ask Stripe how the last payment of a subscription ended, if a break of the connection left that open.

The card may have been charged, so nothing else is charged on the same Stripe account before Stripe has answered.
"""

from chalicelib.connection.table import is_disconnected
from chalicelib.payments import table as payments
from chalicelib.payments.resolve import resolve
from chalicelib.stripe_api.errors import StripeUnavailable
from chalicelib.subscriptions.renewal_hold import may_wait_for_stripe
from chalicelib.subscriptions.subscription import Subscription


def check_closed_payment(current: Subscription) -> bool:
    """Resolve the last payment if its end is open and its Stripe account is connected; tell whether Stripe was asked.

    Raises StripeUnavailable if its end is still not known, and PaymentMismatch.
    """
    last = current.expired_pending if may_wait_for_stripe(current) else None
    payment = payments.find(current.account_id, last.payment_id) if last else None
    if payment is None or payment.closed_at_break_ms is None or is_disconnected(payment.stripe_account):
        return False
    if resolve(payment).payment.closed_at_break_ms is not None:
        raise StripeUnavailable("Stripe did not say how the last payment of the subscription ended")
    return True
