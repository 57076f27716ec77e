"""Take Stripe's events about refunds, disputes and warnings of fraud, by type."""

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from chalicelib.log import log
from chalicelib.payments import gateway as stripe_gateway
from chalicelib.payments import table
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.payments.settle import settle
from chalicelib.payments.stripe_events import UnknownPayment
from chalicelib.reversals import gateway as refund_gateway
from chalicelib.reversals.dispute import dispute_of
from chalicelib.reversals.refund import refund_of
from chalicelib.reversals.settle import settle_dispute, settle_refunds
from chalicelib.stripe_api.deployment import check_ours
from chalicelib.stripe_api.event import PROCESSED, StripeEvent, Verdict


def payment_of(found: dict[str, Any], stripe_account: str | None) -> Payment | None:
    """Return the payment that money goes back of, settled first if need be; None for one that was not made here.

    Raises UnknownPayment, OtherDeployment, StripeUnavailable.
    """
    reference = found.get("payment_intent")
    intent_id = reference["id"] if isinstance(reference, dict) else reference
    intent = stripe_gateway.find_intent(intent_id, stripe_account) if intent_id else None
    if intent is None:
        return None
    check_ours(intent.metadata)
    account_id, payment_id = intent.metadata.get("account_id", ""), intent.metadata.get("payment_id", "")
    if not account_id or not payment_id.startswith(PREFIX):
        return None
    payment = table.find(account_id, payment_id)
    if payment is None:
        raise UnknownPayment(f"{found['id']} is about payment {payment_id} of {account_id!r}, which is not there")
    return payment if payment.state == "succeeded" else settle(payment, intent)


def _refund(event: StripeEvent) -> Verdict:
    found = event.object
    payment = payment_of(found, event.account)
    if payment is None:
        return _foreign(found)
    settle_refunds(payment, [refund_of(found, event.account)])
    return PROCESSED


def _charge_refunded(event: StripeEvent) -> Verdict:
    """Take in all refunds of a charge: the event says that there is another one, and not which."""
    found = event.object
    payment = payment_of(found, event.account)
    if payment is None:
        return _foreign(found)
    settle_refunds(payment, refund_gateway.refunds_of(payment))
    return PROCESSED


def _dispute(event: StripeEvent) -> Verdict:
    found = event.object
    payment = payment_of(found, event.account)
    if payment is None:
        return _foreign(found)
    settled = settle_dispute(payment, dispute_of(found, event.account))
    log().warning(
        "a payment is disputed",
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        dispute_id=found["id"],
        status=settled.payment.dispute_status,
        reason=found.get("reason"),
    )
    return PROCESSED


def _fraud_warning(event: StripeEvent) -> Verdict:
    """Keep a warning of the card's issuer on the payment, where people see it: most of them become disputes."""
    found = event.object
    payment = payment_of(found, event.account)
    if payment is None:
        return _foreign(found)
    fraud_type, warned_at_ms = str(found.get("fraud_type") or "unknown"), found["created"] * 1000

    def warned(current: Payment) -> Payment:
        return replace(current, fraud_warning=fraud_type, objected_at_ms=current.objected_at_ms or warned_at_ms)

    table.change(payment, warned)
    log().warning(
        "the card's issuer warns of fraud",
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        fraud_type=fraud_type,
    )
    return PROCESSED


def _foreign(found: dict[str, Any]) -> Verdict:
    """Money that nobody here knows of is for a person to look at."""
    return Verdict("parked", f"{found['object']} {found['id']} is about a payment that was not made here")


PROCESSORS: Final[dict[str, Callable[[StripeEvent], Verdict]]] = {
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refund.updated": _refund,
    "charge.refunded": _charge_refunded,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "radar.early_fraud_warning.created": _fraud_warning,
    "radar.early_fraud_warning.updated": _fraud_warning,
}
