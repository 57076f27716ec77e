"""Withdraw what waits for the customer to confirm its payment: nothing is charged, and all stays as it is."""

from chalicelib.catalog.catalog import Catalog
from chalicelib.payments import gateway as stripe_gateway
from chalicelib.payments import table as payments
from chalicelib.payments.settle import settle
from chalicelib.subscriptions.advance import follow
from chalicelib.subscriptions.subscription import Subscription, SubscriptionNotFound, SubscriptionPending


def withdraw(account_id: str, catalog: Catalog) -> Subscription:
    """Cancel the awaited payment at Stripe, and let the subscription follow; without one, nothing happens.

    Where the customer's confirmation came first, the payment has succeeded, and what it brings is there. Raises
    SubscriptionNotFound, SubscriptionPending for a payment that does not wait for the customer, StripeUnavailable.
    """
    current = follow(account_id, catalog, begins=False)
    if current and current.pending:
        payment = payments.get(account_id, current.pending.payment_id)
        if payment.state != "requires_action":
            raise SubscriptionPending(current.pending)
        settle(payment, stripe_gateway.cancel(payment))
        current = follow(account_id, catalog, begins=False)
    if current is None:
        raise SubscriptionNotFound(account_id)
    return current
