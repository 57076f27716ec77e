"""A PaymentIntent of Stripe's, and what it says about a payment. Pure."""

from typing import Any, Final

import msgspec

from chalicelib.money import to_card_amount
from chalicelib.payments.payment import ABANDONED_MS, Failure, Outcome, Payment, State, canceled_because

CANCELABLE: Final = frozenset(
    {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}
)
"""Statuses in which somebody could still pay, and nothing is under way (docs.stripe.com/api/payment_intents/cancel)."""


class PaymentMismatch(Exception):
    """Stripe's PaymentIntent is not what the payment says. Nothing is credited; somebody has to look."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A PaymentIntent's facts, in our words. Amounts are Stripe's whole minor units; `failure` is its last error.

    https://docs.stripe.com/api/payment_intents/object
    """

    id: str
    status: str
    amount_minor: int
    amount_received_minor: int
    currency: str
    customer_id: str | None
    metadata: dict[str, str]
    charge_id: str | None = None
    failure: Failure | None = None
    cancellation_reason: str | None = None
    client_secret: str | None = None
    stripe_account: str | None = None
    created_ms: int | None = None


def intent_of(found: dict[str, Any], stripe_account: str | None) -> Intent:
    """Read a PaymentIntent from Stripe's JSON, of an answer or of a webhook."""
    error = found.get("last_payment_error")
    return Intent(
        id=found["id"],
        status=found["status"],
        amount_minor=found["amount"],
        amount_received_minor=found.get("amount_received") or 0,
        currency=found["currency"],
        customer_id=_id(found.get("customer")),
        metadata=dict(found.get("metadata") or {}),
        charge_id=_id(found.get("latest_charge")),
        failure=failure_of(error) if error else None,
        cancellation_reason=found.get("cancellation_reason"),
        client_secret=found.get("client_secret"),
        stripe_account=stripe_account,
        created_ms=found["created"] * 1000 if "created" in found else None,
    )


def failure_of(error: dict[str, Any]) -> Failure:
    """Read a failure from Stripe's JSON of an error."""
    code = error.get("code") or error.get("type") or "unknown"
    return Failure(code, error.get("decline_code"), error.get("message") or "")


def _id(reference: Any) -> str | None:
    """Return the id of what may be an id, an expanded object or nothing."""
    found: str | None = reference["id"] if isinstance(reference, dict) else reference
    return found


def outcome_of(intent: Intent) -> Outcome:
    """Say what a PaymentIntent's status means here. https://docs.stripe.com/payments/paymentintents/lifecycle.

    `requires_payment_method` is a failure once an attempt has been made. Any other status is an intent not confirmed
    yet: it does not move the payment, and the sweeper cancels it in the end.
    """
    states: dict[str, State] = {
        "succeeded": "succeeded",
        "processing": "processing",
        "requires_action": "requires_action",
        "canceled": "canceled",
    }
    state = states.get(intent.status, "created")
    failure = None
    if intent.status == "requires_payment_method" and intent.failure:
        state, failure = "failed", intent.failure
    elif state == "canceled":
        failure = canceled_because(intent.cancellation_reason or "canceled").failure
    return Outcome(state, intent.id, intent.charge_id, failure, intent.created_ms)


def check_same(payment: Payment, intent: Intent) -> None:
    """Check that a PaymentIntent is this payment's, to the last cent. Raises PaymentMismatch naming every difference.

    Its id may be another than the one on the row, after another attempt; not if both of them took the money.
    """
    both_succeeded = payment.state == intent.status == "succeeded"
    amount = to_card_amount(payment.amount_micros, payment.currency)
    received = intent.amount_received_minor
    pairs = {
        "id": (payment.payment_intent_id if both_succeeded else intent.id, intent.id),
        "payment_id": (payment.payment_id, intent.metadata.get("payment_id")),
        "account_id": (payment.account_id, intent.metadata.get("account_id")),
        "currency": (payment.currency, intent.currency),
        "amount": (amount, intent.amount_minor),
        "amount_received": (amount if intent.status == "succeeded" else received, received),
        "customer": (payment.customer_id, intent.customer_id),
        "stripe_account": (payment.stripe_account, intent.stripe_account),
    }
    wrong = [f"{name} is {theirs!r}, not {ours!r}" for name, (ours, theirs) in pairs.items() if ours != theirs]
    if wrong:
        raise PaymentMismatch(f"PaymentIntent {intent.id} of payment {payment.payment_id}: {'; '.join(wrong)}")


def is_abandoned(payment: Payment, intent: Intent, now_ms: int) -> bool:
    """Tell whether an intent waits for a customer who had a day to act: to be canceled, at Stripe first."""
    waits_for_customer = outcome_of(intent).state in {"created", "requires_action"}
    return waits_for_customer and now_ms - payment.created_at_ms >= ABANDONED_MS
