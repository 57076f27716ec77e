"""Charge a customer who is present, and advance the subscription at once, so that the answer has the result."""

import msgspec

from chalicelib.catalog.catalog import Catalog
from chalicelib.claim import Claim
from chalicelib.payments import resolve
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.refusals import refuse_unpaid
from chalicelib.payments.resolve import Resolution
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.subscription import Subscription, SubscriptionNotFound


class ChargeResult(msgspec.Struct, frozen=True):
    """A subscription and its payment, which has succeeded, waits for the customer, or is unresolved.

    `resolved` is None if nothing was to be paid.
    """

    subscription: Subscription
    resolved: Resolution | None


def charge_now(payment: Payment, catalog: Catalog) -> ChargeResult:
    """Charge a payment that was just written. Raises CardDeclined, PaymentCanceled, PaymentsUnavailable."""
    return _advance_after(resolve.charge(payment), catalog)


def resume_charge(account_id: str, claim: Claim, catalog: Catalog) -> ChargeResult | None:
    """Continue the payment of a claim; None if it was not made. Raises what `charge_now` raises."""
    payment = payments.find(account_id, claim.resource_id)
    return _advance_after(resolve.resolve(payment), catalog) if payment else None


def _advance_after(resolved: Resolution, catalog: Catalog) -> ChargeResult:
    payment = resolved.payment
    subscription = advance_subscription(payment.account_id, catalog, payment_id=payment.payment_id, take_steps=False)
    refuse_unpaid(payment)
    if subscription is None:
        raise SubscriptionNotFound(payment.account_id)
    return ChargeResult(subscription, resolved.require_available())
