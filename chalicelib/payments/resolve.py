"""Resolve a payment whose outcome is not known: ask Stripe, and send it again where Stripe never had it."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.ledger.post import LedgerBusy
from chalicelib.log import log
from chalicelib.payments import gateway as stripe_gateway
from chalicelib.payments import table
from chalicelib.payments.intent import CANCELABLE, Intent, is_abandoned
from chalicelib.payments.payment import (
    NOT_FOUND,
    Failure,
    Outcome,
    Payment,
    begun_again,
    canceled_because,
    closed,
    is_key_dead,
    is_lost,
    may_be_closed,
    may_begin_again,
)
from chalicelib.payments.settle import record, settle
from chalicelib.payments.table import PaymentBusy
from chalicelib.stripe_api.errors import PaymentsUnavailable, StripeUnavailable, reason_of


class Resolved(msgspec.Struct, frozen=True):
    """A payment as it now is. `client_secret` is there while the customer has to authenticate in the browser.

    `held_by` is why payments are not possible at all at the moment; the payment waits for their return.
    """

    payment: Payment
    client_secret: str | None = None
    held_by: PaymentsUnavailable | None = None

    def unless_held(self) -> "Resolved":
        """Return it, for a customer who is there. Raises PaymentsUnavailable, naming the payment that waits."""
        if self.held_by is None:
            return self
        self.held_by.about["payment_id"] = self.payment.payment_id
        raise self.held_by


Send = Callable[[Payment], Resolved]
"""Sends a payment to Stripe, or decides not to."""


def resolve(payment: Payment, *, send_refill: Send = Resolved) -> Resolved:
    """Bring a payment as far as Stripe lets it. One that cannot be brought further now is returned as it is.

    A refill that Stripe does not have is left to `send_refill`, which knows whether it is still wanted. One that has
    ended here, and could still be paid, is canceled at Stripe; one that was paid all the same has succeeded.
    Raises PaymentMismatch.
    """
    try:
        if not payment.ended:
            asked = _ask(payment, clock.now_ms(), send_refill if payment.kind == "auto_pay" else charge)
            if not asked.payment.ended:
                return asked
            payment = asked.payment
        return _close(payment) if payment.may_be_paid else Resolved(payment)
    except (StripeUnavailable, LedgerBusy, PaymentBusy) as error:
        return _not_yet(payment, error)


def charge(payment: Payment) -> Resolved:
    """Charge the card for a payment that Stripe does not have yet, and settle the answer. Raises PaymentMismatch."""
    try:
        answer = stripe_gateway.charge(payment)
        if isinstance(answer, Failure):
            return Resolved(record(payment, Outcome("failed", failure=answer)))
        return _settled(payment, answer)
    except PaymentsUnavailable as error:
        again = _with_next_key(payment) if error.remembered else payment
        return _not_yet(payment, error) if again == payment or again.ended else charge(again)
    except StripeUnavailable as error:
        return _not_yet(_with_key_spent(payment) if error.remembered else payment, error)
    except (LedgerBusy, PaymentBusy) as error:
        return _not_yet(payment, error)


def _ask(payment: Payment, now_ms: int, send: Send) -> Resolved:
    found = stripe_gateway.retrieve(payment) if payment.payment_intent_id else stripe_gateway.find(payment)
    if found is None:
        return _send_again(payment, now_ms, send)
    if is_abandoned(payment, found, now_ms):
        found = stripe_gateway.cancel(replace(payment, payment_intent_id=found.id))
    return _settled(payment, found)


def _close(payment: Payment) -> Resolved:
    """See to it that nobody can pay what has ended here. Whoever was faster has paid, and that is settled."""
    is_known = payment.payment_intent_id is not None and payment.attempt == 1
    known = stripe_gateway.retrieve(payment) if is_known else None
    found = [known] if known else stripe_gateway.find_all(payment)
    left = [_canceled(payment, each) for each in found]
    for each in left:
        payment = settle(payment, each)
    are_canceled = all(each.status == "canceled" for each in left)
    if payment.state != "succeeded" and are_canceled and may_be_closed(payment, clock.now_ms()):
        payment = table.change(payment, closed)
    return Resolved(payment)


def _canceled(payment: Payment, intent: Intent) -> Intent:
    """Return an intent after its cancellation; one that is under way or has ended is left as it is."""
    if intent.status not in CANCELABLE:
        return intent
    return stripe_gateway.cancel(replace(payment, payment_intent_id=intent.id))


def _send_again(payment: Payment, now_ms: int, send: Send) -> Resolved:
    """Go on with a payment that Stripe does not have: with the same key, while that surely is the same request."""
    if is_lost(payment, now_ms):
        return Resolved(record(payment, canceled_because(NOT_FOUND)))
    if is_key_dead(payment, now_ms):
        return Resolved(payment)  # what was sent at the last moment may still arrive
    if payment.spent_at_ms is None:
        return send(payment)
    if not may_begin_again(payment, now_ms):
        return Resolved(payment)
    # The new key's number is on the row before the key is used, so all who send this payment again use the same one.
    begun = _with_next_key(payment)
    return Resolved(begun) if begun.ended else send(begun)


def _settled(payment: Payment, intent: Intent) -> Resolved:
    settled = settle(payment, intent)
    return Resolved(settled, intent.client_secret if settled.state == "requires_action" else None)


def _with_key_spent(payment: Payment) -> Payment:
    """Note that the present key only repeats a failure of Stripe's own."""
    now_ms = clock.now_ms()

    def spend(current: Payment) -> Payment:
        spent = current.ended or current.attempt != payment.attempt or current.spent_at_ms is not None
        return current if spent else replace(current, spent_at_ms=now_ms)

    return table.change(payment, spend)


def _with_next_key(payment: Payment) -> Payment:
    """Take another key where the present one only repeats a no: nothing was done with it, and the cause may be gone."""
    return table.change(payment, lambda current: begun_again(current, payment.attempt))


def _not_yet(payment: Payment, error: Exception) -> Resolved:
    log().warning(
        "a payment stays unresolved",
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        state=payment.state,
        reason=reason_of(error),
    )
    return Resolved(payment, held_by=error if isinstance(error, PaymentsUnavailable) else None)
