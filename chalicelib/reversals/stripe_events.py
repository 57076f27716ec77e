"""Process Stripe's events about refunds, disputes and fraud warnings, by type."""

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from chalicelib.log import log
from chalicelib.payments import gateway as payments_gateway
from chalicelib.payments import table as payments
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.payments.settle import settle
from chalicelib.payments.stripe_events import UnknownPayment
from chalicelib.reversals import gateway
from chalicelib.reversals.dispute import parse_dispute
from chalicelib.reversals.refund import parse_refund
from chalicelib.reversals.settle import settle_dispute, settle_refunds
from chalicelib.stripe_api.deployment import check_ours
from chalicelib.stripe_api.errors import AccessGone
from chalicelib.stripe_api.event import PROCESSED, StripeEvent, Verdict


def find_payment(found: dict[str, Any], stripe_account: str | None) -> Payment | None:
    """Find the payment of a refund, dispute or warning, settled first if necessary; None if it was not made here.

    Raises UnknownPayment, OtherDeployment, AccessGone, StripeUnavailable.
    """
    reference = found.get("payment_intent")
    intent_id = reference["id"] if isinstance(reference, dict) else reference
    try:
        intent = payments_gateway.find_intent(intent_id, stripe_account) if intent_id else None
    except AccessGone:
        # The account was disconnected since. A refund or charge that was made here names its payment by itself.
        named = _named_payment(found, found.get("metadata") or {}, stripe_account)
        if named is None:
            raise
        return named
    if intent is None:
        return None
    payment = _named_payment(found, intent.metadata, stripe_account)
    return settle(payment, intent) if payment and payment.state != "succeeded" else payment


def _named_payment(found: dict[str, Any], metadata: dict[str, str], stripe_account: str | None) -> Payment | None:
    """Return the payment that metadata names; None if it was not made here, or on another Stripe account."""
    check_ours(metadata)
    account_id, payment_id = metadata.get("account_id", ""), metadata.get("payment_id", "")
    if not account_id or not payment_id.startswith(PREFIX):
        return None
    payment = payments.find(account_id, payment_id)
    if stripe_account and (payment is None or payment.stripe_account != stripe_account):
        return None
    if payment is None:
        raise UnknownPayment(f"{found['id']} is about payment {payment_id} of {account_id!r}, which is not there")
    return payment


def _process_refund(event: StripeEvent) -> Verdict:
    found = event.object
    payment = find_payment(found, event.account)
    if payment is None:
        return _unknown(event)
    settle_refunds(payment, [parse_refund(found, event.account)])
    return PROCESSED


def _process_charge_refunded(event: StripeEvent) -> Verdict:
    """Settle all refunds of a charge: the event says that there is another one, but not which."""
    found = event.object
    payment = find_payment(found, event.account)
    if payment is None:
        return _unknown(event)
    settle_refunds(payment, gateway.list_refunds(payment))
    return PROCESSED


def _process_dispute(event: StripeEvent) -> Verdict:
    found = event.object
    payment = find_payment(found, event.account)
    if payment is None:
        return _unknown(event)
    settled = settle_dispute(payment, parse_dispute(found, event.account))
    log().warning(
        "a payment is disputed",
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        dispute_id=found["id"],
        status=settled.payment.dispute_status,
        reason=found.get("reason"),
    )
    return PROCESSED


def _process_fraud_warning(event: StripeEvent) -> Verdict:
    """Write a fraud warning of the card's issuer on the payment, where people see it: most warnings become disputes."""
    found = event.object
    payment = find_payment(found, event.account)
    if payment is None:
        return _unknown(event)
    fraud_type, warned_at_ms = str(found.get("fraud_type") or "unknown"), found["created"] * 1000

    def with_warning(current: Payment) -> Payment:
        return replace(current, fraud_warning=fraud_type, objected_at_ms=current.objected_at_ms or warned_at_ms)

    payments.change(payment, with_warning)
    log().warning(
        "the card's issuer warns of fraud",
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        fraud_type=fraud_type,
    )
    return PROCESSED


def _unknown(event: StripeEvent) -> Verdict:
    """Park the event: a person must decide about money that is not known here, unless it is a workspace's own."""
    found = event.object
    reason = f"{found['object']} {found['id']} is about a payment that was not made here"
    return Verdict("ignored" if event.account else "parked", reason)


def _parked_if_gone(process: Callable[[StripeEvent], Verdict]) -> Callable[[StripeEvent], Verdict]:
    """Park an event that needs Stripe's answer about an account that was disconnected since.

    It is kept with its payload; when the account is connected again, it can be processed.
    """

    def process_or_park(event: StripeEvent) -> Verdict:
        try:
            return process(event)
        except AccessGone:
            return Verdict("parked", f"{event.account} is not connected any more, so its payment cannot be found")

    return process_or_park


_BY_TYPE: Final[dict[str, Callable[[StripeEvent], Verdict]]] = {
    "refund.created": _process_refund,
    "refund.updated": _process_refund,
    "refund.failed": _process_refund,
    "charge.refund.updated": _process_refund,
    "charge.refunded": _process_charge_refunded,
    "charge.dispute.created": _process_dispute,
    "charge.dispute.updated": _process_dispute,
    "charge.dispute.closed": _process_dispute,
    "charge.dispute.funds_withdrawn": _process_dispute,
    "charge.dispute.funds_reinstated": _process_dispute,
    "radar.early_fraud_warning.created": _process_fraud_warning,
    "radar.early_fraud_warning.updated": _process_fraud_warning,
}
PROCESSORS: Final = {name: _parked_if_gone(process) for name, process in _BY_TYPE.items()}
