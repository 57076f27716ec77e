"""The door to Stripe for refunds and disputes."""

from typing import TYPE_CHECKING

from chalicelib.money import to_card_amount
from chalicelib.payments.payment import Payment
from chalicelib.reversals.dispute import StripeDispute, parse_dispute
from chalicelib.reversals.refund import Refund, StripeRefund, parse_refund
from chalicelib.stripe_api.client import CHARGE_SECONDS, ask, idempotency_options, or_none
from chalicelib.stripe_api.deployment import metadata
from chalicelib.stripe_api.stripe_account import StripeAccount

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams


def create_refund(payment: Payment, made: Refund) -> StripeRefund:
    """Refund a part of a payment, or all of it. Raises StripeUnavailable, StripeRefused.

    The request is made only from the refund and its payment, so a repeat is the same request to Stripe.
    """
    params: RefundCreateParams = {
        "payment_intent": str(payment.payment_intent_id),
        "amount": to_card_amount(made.amount_micros, made.currency),
        "metadata": metadata(account_id=made.account_id, payment_id=made.payment_id, refund_id=made.refund_id),
    }
    if made.returns_fee:
        params["refund_application_fee"] = True
    stripe_account, options = StripeAccount(payment.stripe_account), idempotency_options(made.stripe_key)
    found = ask("refund", stripe_account, lambda v1: v1.refunds.create(params, options).to_dict(), CHARGE_SECONDS)
    return parse_refund(found, payment.stripe_account)


def list_refunds(payment: Payment) -> list[StripeRefund]:
    """Return all refunds of a payment, wherever they were made. Raises StripeUnavailable."""
    intent_id = str(payment.payment_intent_id)
    found = ask(
        "refunds_of",
        StripeAccount(payment.stripe_account),
        lambda v1: [
            each.to_dict() for each in v1.refunds.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter()
        ],
    )
    return [parse_refund(each, payment.stripe_account) for each in found]


def find_dispute(dispute_id: str, stripe_account: str | None) -> StripeDispute | None:
    """Return a dispute as it is now; None when Stripe does not have it. Raises StripeUnavailable."""
    found = or_none(
        "find_dispute", StripeAccount(stripe_account), lambda v1: v1.disputes.retrieve(dispute_id).to_dict()
    )
    return parse_dispute(found, stripe_account) if found else None
