"""The door to Stripe for money that goes back: refunds and disputes. Its errors are those of `stripe_gateway`."""

from chalicelib.money import to_card_amount
from chalicelib.payments.dispute import StripeDispute, dispute_of
from chalicelib.payments.intent import Intent, intent_of
from chalicelib.payments.payment import Payment
from chalicelib.payments.refund import Refund, StripeRefund, refund_of
from chalicelib.payments.stripe_gateway import (
    CHARGE_SECONDS,
    LOOK_SECONDS,
    options,
    or_none,
    reached,
    stripe_client,
)


def refund(payment: Payment, wanted: Refund) -> StripeRefund:
    """Refund a part of a payment, or all of it. Raises StripeUnavailable, StripeRefused.

    Everything sent is made from the refund and its payment alone, so a repeat is the same request to Stripe.
    """
    with reached("refund"):
        found = stripe_client(CHARGE_SECONDS).v1.refunds.create(
            {
                "payment_intent": str(payment.payment_intent_id),
                "amount": to_card_amount(wanted.amount_micros, wanted.currency),
                "metadata": {
                    "account_id": wanted.account_id,
                    "payment_id": wanted.payment_id,
                    "refund_id": wanted.refund_id,
                },
            },
            options(payment.stripe_account, key=wanted.stripe_key),
        )
    return refund_of(found.to_dict(), payment.stripe_account)


def refunds_of(payment: Payment) -> list[StripeRefund]:
    """Return all refunds of a payment, wherever they were made. Raises StripeUnavailable."""
    with reached("refunds_of"):
        listed = stripe_client(LOOK_SECONDS).v1.refunds.list(
            {"payment_intent": str(payment.payment_intent_id), "limit": 100}, options(payment.stripe_account)
        )
        return [refund_of(each.to_dict(), payment.stripe_account) for each in listed.auto_paging_iter()]


def find_dispute(dispute_id: str, stripe_account: str | None) -> StripeDispute | None:
    """Return a dispute as it is now; None when Stripe has no such one. Raises StripeUnavailable."""
    disputes = stripe_client(LOOK_SECONDS).v1.disputes
    found = or_none(lambda: disputes.retrieve(dispute_id, {}, options(stripe_account)).to_dict())
    return dispute_of(found, stripe_account) if found else None


def find_intent(payment_intent_id: str, stripe_account: str | None) -> Intent | None:
    """Return a PaymentIntent as it is now; None when Stripe has no such one. Raises StripeUnavailable."""
    intents = stripe_client(LOOK_SECONDS).v1.payment_intents
    found = or_none(lambda: intents.retrieve(payment_intent_id, {}, options(stripe_account)).to_dict())
    return intent_of(found, stripe_account) if found else None
