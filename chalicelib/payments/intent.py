"""A PaymentIntent of Stripe's, read from its JSON. Pure."""

from typing import Any, Final

import msgspec

from chalicelib.payments.payment import Failure

CANCELABLE: Final = frozenset(
    {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}
)
"""Statuses in which it can still be paid and nothing is under way (docs.stripe.com/api/payment_intents/cancel)."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A PaymentIntent. Amounts are whole minor units, as Stripe has them; `failure` is its last error.

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

    @property
    def can_be_canceled(self) -> bool:
        """Tell whether Stripe would cancel it: it has not ended, and nothing is under way."""
        return self.status in CANCELABLE


def parse_intent(found: dict[str, Any], stripe_account: str | None) -> Intent:
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
        failure=parse_failure(error) if error else None,
        cancellation_reason=found.get("cancellation_reason"),
        client_secret=found.get("client_secret"),
        stripe_account=stripe_account,
        created_ms=found["created"] * 1000 if "created" in found else None,
    )


def parse_failure(error: dict[str, Any]) -> Failure:
    """Read a failure from Stripe's JSON of an error."""
    code = error.get("code") or error.get("type") or "unknown"
    return Failure(code, error.get("decline_code"), error.get("message") or "")


def _id(reference: Any) -> str | None:
    """Return the id from an id, an expanded object or nothing."""
    found: str | None = reference["id"] if isinstance(reference, dict) else reference
    return found
