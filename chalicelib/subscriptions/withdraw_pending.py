"""Withdraw a change or start whose payment waits for the customer: nothing is charged and nothing changes."""

from chalicelib.catalog.catalog import Catalog
from chalicelib.payments import gateway
from chalicelib.payments import table as payments
from chalicelib.payments.settle import settle
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.subscription import Subscription, SubscriptionNotFound, SubscriptionPending


def withdraw_pending(account_id: str, catalog: Catalog) -> Subscription:
    """Cancel the pending payment at Stripe and advance the subscription; if there is none, nothing happens.

    If the customer confirmed it first, the payment has succeeded and takes effect. Raises SubscriptionNotFound,
    SubscriptionPending for a payment that does not wait for the customer, StripeUnavailable.
    """
    current = advance_subscription(account_id, catalog, take_steps=False)
    if current and current.pending:
        payment = payments.get(account_id, current.pending.payment_id)
        if payment.state != "requires_action":
            raise SubscriptionPending(current.pending)
        settle(payment, gateway.cancel(payment, str(payment.payment_intent_id)))
        current = advance_subscription(account_id, catalog, take_steps=False)
    if current is None:
        raise SubscriptionNotFound(account_id)
    return current
