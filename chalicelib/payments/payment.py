"""A payment, what Stripe says about it, and how the one moves by the other. Pure.

    created -> requires_action -> processing -> canceled | failed | succeeded

News arrives late, twice and out of order, so a payment only ever moves to a later state of this list. Money that
moved wins over everything: a payment that failed or was canceled becomes `succeeded` when Stripe says so, never the
other way.
"""

from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.errors import Refusal
from chalicelib.ledger.transaction import CREDIT, Entry
from chalicelib.money import to_card_amount
from chalicelib.payments.line import Line

SOURCE: Final = "/payments"
PREFIX: Final = "pay_"

Kind = Literal["top_up", "auto_pay", "subscription"]
State = Literal["created", "requires_action", "processing", "canceled", "failed", "succeeded"]

RANKS: Final[dict[State, int]] = {
    "created": 0,
    "requires_action": 1,
    "processing": 2,
    "canceled": 3,
    "failed": 4,
    "succeeded": 5,
}
ENDED: Final = frozenset[State]({"canceled", "failed", "succeeded"})

DAY_MS: Final = 24 * 60 * 60 * 1000
KEY_LIFE_MS: Final = 23 * 60 * 60 * 1000
"""How long a key at Stripe is trusted; it lives for 24 hours at least (docs.stripe.com/api/idempotent_requests)."""

ABANDONED_MS: Final = DAY_MS
"""How long a customer may take to authenticate before the payment is canceled."""

QUIET_MS: Final = 10 * 60 * 1000
"""How long after a failure of Stripe's own, which its key remembers, another key may be used. Until then the effect of
the first may come to light (docs.stripe.com/error-low-level#server-errors); a second charge is worse than a wait."""

MAXIMUM_ATTEMPTS: Final = 3


class PaymentNotFound(Refusal):
    """No such payment of this account."""

    status = 404
    type = "payment-not-found"
    title = "No such payment"

    def __init__(self, payment_id: str) -> None:
        super().__init__(f"there is no payment {payment_id[:60]!r} of this account", payment_id=payment_id[:60])


class PaymentMismatch(Exception):
    """Stripe's PaymentIntent is not what the payment says. Nothing is credited; somebody has to look."""


class Failure(msgspec.Struct, frozen=True):
    """Why a payment came to nothing: Stripe's code, the bank's code, and a sentence for the customer.

    https://docs.stripe.com/error-codes and https://docs.stripe.com/declines/codes.
    """

    code: str
    decline_code: str | None = None
    message: str = ""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to move money on a card.

    `state_at_ms` is when it came into its state. `stripe_account` is None on the platform's own. `attempt` numbers the key that Stripe gets; `spent_at_ms` is when
    it was first seen to remember a failure of Stripe's own. `checks` counts the sweeper's looks, `version` the changes.
    `lines` and the period are a subscription payment's, fixed when it is made. `off_session`: nobody is there.
    What became of a succeeded payment later stands beside its state: refunds, the last dispute, a warning of fraud.
    """

    account_id: str
    payment_id: str
    kind: Kind
    amount_micros: int
    currency: str
    created_at_ms: int
    updated_at_ms: int
    state_at_ms: int
    customer_id: str
    payment_method_id: str
    card_brand: str
    card_last_four: str
    actor: str
    description: str
    state: State = "created"
    stripe_account: str | None = None
    off_session: bool = False
    lines: tuple[Line, ...] = ()
    period_start_ms: int | None = None
    period_end_ms: int | None = None
    payment_intent_id: str | None = None
    charge_id: str | None = None
    failure: Failure | None = None
    refunded_micros: int = 0
    dispute_status: str | None = None
    fraud_warning: str | None = None
    attempt: int = 1
    spent_at_ms: int | None = None
    checks: int = 0
    version: int = 1

    @property
    def ended(self) -> bool:
        """Tell whether nothing more is expected of it."""
        return self.state in ENDED

    @property
    def fills_wallet(self) -> bool:
        """Tell whether its money becomes balance; a subscription's is its price."""
        return self.kind != "subscription"

    @property
    def added_tax_micros(self) -> int:
        """Return the tax that was charged on top of the lines; what has no lines is charged as one thing."""
        return self.amount_micros - sum(line.amount_micros for line in self.lines) if self.lines else 0

    @property
    def stripe_key(self) -> str:
        """Return the idempotency key of the present attempt: the payment's id, with a suffix from the second on."""
        return self.payment_id if self.attempt == 1 else f"{self.payment_id}-{self.attempt}"

    def entry(self) -> Entry:
        """Return the credit of the payment: the same on every path, made only of what never changes."""
        return Entry(
            occurred_at_ms=self.created_at_ms,
            source=SOURCE,
            event_id=self.payment_id,
            type=CREDIT,
            kind=self.kind,
            amount_micros=self.amount_micros,
            description=self.description,
            payment_id=self.payment_id,
            actor=self.actor,
        )


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


class Outcome(msgspec.Struct, frozen=True):
    """What a piece of news says about a payment."""

    state: State
    payment_intent_id: str | None = None
    charge_id: str | None = None
    failure: Failure | None = None


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
    return Outcome(state, intent.id, intent.charge_id, failure)


def canceled_because(reason: str) -> Outcome:
    """Return the outcome of a payment that will not be made."""
    messages = {
        "abandoned": "It was not verified in time. Nothing was charged.",
        "not_found": "Stripe did not take the payment. Nothing was charged.",
    }
    return Outcome("canceled", failure=Failure(reason, None, messages.get(reason, "The payment was canceled.")))


def advance(payment: Payment, outcome: Outcome) -> Payment:
    """Move a payment by a piece of news; anything that is not later than its state changes nothing but missing ids."""
    named = replace(
        payment,
        payment_intent_id=payment.payment_intent_id or outcome.payment_intent_id,
        charge_id=payment.charge_id or outcome.charge_id,
    )
    if RANKS[outcome.state] <= RANKS[payment.state]:
        return named
    return replace(
        named,
        state=outcome.state,
        failure=outcome.failure,
        payment_intent_id=outcome.payment_intent_id or named.payment_intent_id,
        charge_id=outcome.charge_id or named.charge_id,
    )


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


def is_key_dead(payment: Payment, now_ms: int) -> bool:
    """Tell whether a payment's key is too old to be the same request to Stripe for sure."""
    return now_ms - payment.created_at_ms >= KEY_LIFE_MS


def may_begin_again(payment: Payment, now_ms: int) -> bool:
    """Tell whether another key may be used for a payment whose present key only repeats a failure of Stripe's own."""
    return (
        payment.spent_at_ms is not None
        and now_ms - payment.spent_at_ms >= QUIET_MS
        and payment.attempt < MAXIMUM_ATTEMPTS
    )


def begun_again(payment: Payment, after_attempt: int) -> Payment:
    """Return the payment with the next attempt's key, unless it has moved on from `after_attempt` meanwhile."""
    if payment.ended or payment.attempt != after_attempt:
        return payment
    return replace(payment, attempt=after_attempt + 1, spent_at_ms=None)
