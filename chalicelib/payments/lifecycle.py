"""The state machine of a payment: how it moves by what Stripe says, and what is to be done next. Pure.

    created -> requires_action -> processing -> canceled | failed | succeeded

Answers and webhooks arrive late, twice and out of order, so a payment only ever moves to a later state of this list
(`advance`). Money that moved wins over everything: a payment that failed or was canceled becomes `succeeded` when
Stripe says so, never the other way.

`next_step` says what is done about a payment once Stripe was asked for its PaymentIntents. One that has ended here may
still be paid at Stripe: a PaymentIntent whose attempt failed can be confirmed again by whoever has its client secret or
the Stripe account's secret key. Such a payment is checked until nobody can pay it any more (`is_closed_at_stripe`).
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib.money import to_card_amount
from chalicelib.payments.intent import Intent
from chalicelib.payments.payment import CLOSED_AT_BREAK, DAY_MS, ENDED, NOT_FOUND, Failure, LateDecision, Payment, State
from chalicelib.stripe_api.attempt import LATE_EFFECT_MS, GiveUp, Send, Wait, is_key_expired, next_attempt

RANKS: Final[dict[State, int]] = {
    "created": 0,
    "requires_action": 1,
    "processing": 2,
    "canceled": 3,
    "failed": 4,
    "succeeded": 5,
}

ABANDONED_MS: Final = DAY_MS
"""How long a customer may take to authenticate before the payment is canceled."""

STATES: Final[dict[str, State]] = {
    "succeeded": "succeeded",
    "processing": "processing",
    "requires_action": "requires_action",
    "canceled": "canceled",
}
"""The state by a PaymentIntent's status. Any other status is one of a PaymentIntent that is not confirmed yet: it does
not move the payment (docs.stripe.com/payments/paymentintents/lifecycle)."""


class PaymentMismatch(Exception):
    """Stripe's PaymentIntent does not agree with the payment. Nothing is credited; a person must look."""


class Outcome(msgspec.Struct, frozen=True):
    """What an answer or a webhook says about a payment."""

    state: State
    payment_intent_id: str | None = None
    charge_id: str | None = None
    failure: Failure | None = None
    intent_at_ms: int | None = None


def outcome_of(intent: Intent) -> Outcome:
    """Say what a PaymentIntent means for its payment. `requires_payment_method` after an attempt is a failure."""
    state, failure = STATES.get(intent.status, "created"), None
    if intent.status == "requires_payment_method" and intent.failure:
        state, failure = "failed", intent.failure
    elif state == "canceled":
        failure = canceled_outcome(intent.cancellation_reason or "canceled").failure
    return Outcome(state, intent.id, intent.charge_id, failure, intent.created_ms)


def canceled_outcome(reason: str) -> Outcome:
    """Return the outcome of a payment that will not be made."""
    messages = {
        "abandoned": "It was not verified in time. Nothing was charged.",
        NOT_FOUND: "Stripe did not take the payment. Nothing was charged.",
        CLOSED_AT_BREAK: "The seller's payment account was disconnected before the outcome was known. If the card was "
        "charged, please contact the seller.",
    }
    return Outcome("canceled", failure=Failure(reason, None, messages.get(reason, "The payment was canceled.")))


def check_matches(payment: Payment, intent: Intent) -> None:
    """Check that a PaymentIntent is for this payment. Raises PaymentMismatch with every difference.

    After another attempt its id may differ from the one on the payment, but two of them must not both take the money.
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


def advance(payment: Payment, outcome: Outcome) -> Payment:
    """Move a payment by an outcome. One that is not later than the payment's state only adds ids that are missing."""
    with_ids = replace(
        payment,
        payment_intent_id=payment.payment_intent_id or outcome.payment_intent_id,
        charge_id=payment.charge_id or outcome.charge_id,
        intent_at_ms=payment.intent_at_ms or outcome.intent_at_ms,
    )
    if RANKS[outcome.state] <= RANKS[payment.state]:
        return with_ids
    return replace(
        with_ids,
        state=outcome.state,
        failure=outcome.failure,
        payment_intent_id=outcome.payment_intent_id or with_ids.payment_intent_id,
        charge_id=outcome.charge_id or with_ids.charge_id,
        intent_at_ms=outcome.intent_at_ms or with_ids.intent_at_ms,
        intent_open=_may_be_open(payment, outcome) if outcome.state in ENDED else payment.intent_open,
        late="undecided" if is_late_success(payment, outcome) else payment.late,
        closed_at_break_ms=None,
    )


def _may_be_open(payment: Payment, outcome: Outcome) -> bool:
    """Tell whether a PaymentIntent may still be paid: an attempt failed, or more than one key was used."""
    if outcome.state == "succeeded":
        return False
    return payment.attempt > 1 or (outcome.state == "failed" and outcome.payment_intent_id is not None)


def is_late_success(payment: Payment, outcome: Outcome) -> bool:
    """Tell whether money arrives that nobody waits for any more. A top-up or refill always becomes balance."""
    return payment.ended and outcome.state == "succeeded" and not payment.fills_wallet


def with_late_decision(payment: Payment, decision: LateDecision) -> Payment:
    """Decide on a payment's late money; a decision that was made before stays."""
    return replace(payment, late=decision) if payment.late == "undecided" else payment


class Settle(msgspec.Struct, frozen=True):
    """Take over what the PaymentIntents say, after those in `cancel_first` were canceled at Stripe."""

    intents: tuple[Intent, ...]
    cancel_first: frozenset[str] = frozenset()


def next_step(payment: Payment, found: Sequence[Intent], now_ms: int) -> Settle | Send | GiveUp | Wait:
    """Return what is to be done about a payment; `found` are its PaymentIntents at Stripe.

    Of a payment that has not ended the one that is furthest counts, and is canceled if the customer had a day to act.
    Of one that has ended all count, and all that could still be paid are canceled.
    """
    if payment.ended:
        return Settle(tuple(found), frozenset(each.id for each in found if each.can_be_canceled))
    if not found:
        return next_attempt(payment, now_ms)
    furthest = max(found, key=lambda each: RANKS[outcome_of(each).state])
    return Settle((furthest,), frozenset({furthest.id} if is_abandoned(payment, furthest, now_ms) else ()))


def is_abandoned(payment: Payment, intent: Intent, now_ms: int) -> bool:
    """Tell whether a PaymentIntent waits for a customer who had a day to act."""
    waits_for_customer = outcome_of(intent).state in {"created", "requires_action"}
    return waits_for_customer and now_ms - payment.created_at_ms >= ABANDONED_MS


def was_never_sent(payment: Payment, now_ms: int) -> bool:
    """Tell whether nobody is known to have sent a payment to Stripe, so that asking Stripe first can be left out.

    If somebody has sent it all the same, its key makes the second request the same one.
    """
    is_new = payment.state == "created" and payment.payment_intent_id is None and payment.checks == 0
    is_unsent = payment.sent_at_ms is None and payment.key_exhausted_at_ms is None
    return is_new and is_unsent and not is_key_expired(payment, now_ms)


def with_next_key(payment: Payment, after_attempt: int) -> Payment:
    """Give a payment the next attempt's key, unless it has ended or has left `after_attempt` meanwhile."""
    if payment.ended or payment.attempt != after_attempt:
        return payment
    return replace(payment, attempt=after_attempt + 1, key_exhausted_at_ms=None)


def with_key_exhausted(payment: Payment, attempt: int, now_ms: int) -> Payment:
    """Note that the key of an attempt only replays an error of Stripe's own, unless that is noted or out of date."""
    if payment.ended or payment.attempt != attempt or payment.key_exhausted_at_ms is not None:
        return payment
    return replace(payment, key_exhausted_at_ms=now_ms)


def is_closed_at_stripe(payment: Payment, intents: Iterable[Intent], now_ms: int) -> bool:
    """Tell whether nobody can pay a payment that failed or was canceled; `intents` are all its PaymentIntents.

    The effect of a first key may appear late, after another key was used.
    """
    late_effects_over = payment.attempt == 1 or now_ms - payment.state_at_ms >= LATE_EFFECT_MS
    are_canceled = all(each.status == "canceled" for each in intents)
    return payment.state != "succeeded" and are_canceled and late_effects_over


def with_intents_closed(payment: Payment) -> Payment:
    """Note that nobody can pay a payment that has ended. One that was closed at a break is known now to be unpaid."""
    if not payment.ended or payment.state == "succeeded":
        return payment
    closed = replace(payment, intent_open=False, closed_at_break_ms=None)
    is_known_now = payment.failure is not None and payment.failure.code == CLOSED_AT_BREAK
    return replace(closed, failure=canceled_outcome(NOT_FOUND).failure) if is_known_now else closed


def with_closed_at_break(payment: Payment, now_ms: int) -> Payment:
    """Give up a payment whose Stripe account was disconnected: nothing can be asked any more.

    If Stripe tells of it later, what it tells wins, as always.
    """
    if payment.is_final:
        return payment
    ended = payment if payment.ended else advance(payment, canceled_outcome(CLOSED_AT_BREAK))
    return replace(ended, intent_open=False, closed_at_break_ms=now_ms)


def with_check_counted(payment: Payment) -> Payment:
    """Count a check of the sweeper."""
    is_over = payment.is_final and payment.closed_at_break_ms is None
    return payment if is_over else replace(payment, checks=payment.checks + 1)
