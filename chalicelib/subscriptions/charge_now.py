"""Charge a customer who is there, and let the subscription follow at once: the answer says what came of it."""

import msgspec

from chalicelib.catalog.catalog import Catalog
from chalicelib.claim import Claim
from chalicelib.payments import resolve
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.refusals import refuse_unpaid
from chalicelib.payments.resolve import Resolution
from chalicelib.subscriptions.advance import follow
from chalicelib.subscriptions.subscription import Subscription, SubscriptionNotFound


class Charged(msgspec.Struct, frozen=True):
    """A subscription after a payment that succeeded, waits for the customer, or is unresolved.

    There is none where nothing was to be paid.
    """

    subscription: Subscription
    resolved: Resolution | None


def charge_now(payment: Payment, catalog: Catalog) -> Charged:
    """Charge a payment that was just written. Raises CardDeclined, PaymentCanceled, PaymentsUnavailable."""
    return _followed(resolve.charge(payment), catalog)


def charged_before(account_id: str, claim: Claim, catalog: Catalog) -> Charged | None:
    """Go on with the payment of a claim, if it was made. Raises CardDeclined, PaymentCanceled, PaymentsUnavailable."""
    payment = payments.find(account_id, claim.resource_id)
    return _followed(resolve.resolve(payment), catalog) if payment else None


def _followed(resolved: Resolution, catalog: Catalog) -> Charged:
    payment = resolved.payment
    subscription = follow(payment.account_id, catalog, payment_id=payment.payment_id, begins=False)
    refuse_unpaid(payment)
    if subscription is None:
        raise SubscriptionNotFound(payment.account_id)
    return Charged(subscription, resolved.require_available())
