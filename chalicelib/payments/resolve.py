"""Resolve a payment: ask Stripe for its outcome, and charge the card where Stripe never received it. Safe to repeat.

`lifecycle` decides what is done next; the doors are `gateway` (Stripe), `table` (the row) and, in `settle`, the ledger.
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.cards.remove_card import detach_unless_on_file
from chalicelib.connection.check_connection import is_access_lost
from chalicelib.ledger.post import LedgerBusy
from chalicelib.log import log
from chalicelib.payments import gateway, table
from chalicelib.payments.intent import Intent
from chalicelib.payments.lifecycle import (
    Outcome,
    Settle,
    canceled_outcome,
    is_closed_at_stripe,
    next_step,
    with_closed_at_break,
    with_intents_closed,
    with_key_exhausted,
    with_next_key,
)
from chalicelib.payments.payment import NOT_FOUND, Failure, Payment
from chalicelib.payments.settle import record, settle
from chalicelib.payments.table import PaymentBusy
from chalicelib.stripe_api.attempt import GiveUp, Send, Wait
from chalicelib.stripe_api.errors import AccessGone, PaymentsUnavailable, StripeUnavailable, reason_of
from chalicelib.stripe_api.stripe_account import StripeAccount


class Resolution(msgspec.Struct, frozen=True):
    """A payment as it now is. `client_secret` is there while the customer has to authenticate in the browser.

    `unavailable` is set while Stripe makes no payments for us at all; the payment waits until it does.
    `was_found` tells that Stripe had its PaymentIntent already: it was not sent now.
    """

    payment: Payment
    client_secret: str | None = None
    unavailable: PaymentsUnavailable | None = None
    was_found: bool = False

    def require_available(self) -> "Resolution":
        """Return it, for a customer who is there. Raises PaymentsUnavailable, naming the payment that waits."""
        if self.unavailable is None:
            return self
        self.unavailable.about["payment_id"] = self.payment.payment_id
        raise self.unavailable


SendRefill = Callable[[Payment], Resolution]
"""Sends a refill of auto-pay to Stripe, if it is still wanted."""


def leave_unsent(payment: Payment) -> Resolution:
    """Return a refill as it is, unsent: for callers that do not know whether it is still wanted."""
    return Resolution(payment)


def resolve(payment: Payment, *, send_refill: SendRefill = leave_unsent) -> Resolution:
    """Bring a payment to its end (`succeeded`, `failed` or `canceled`), or return it in the state in which it waits.

    It waits for the customer (`requires_action`), for the bank (`processing`), or to be sent again (`created`).
    A refill that Stripe does not have is left to `send_refill`, which knows whether it is still wanted. A payment that
    has ended here and may still be paid is canceled at Stripe; if it was paid first, it succeeds. One whose Stripe
    account was disconnected is given up, and asked about again when it is connected again. Raises PaymentMismatch.
    """
    try:
        resolution = Resolution(payment)
        if not payment.ended:
            resolution = _take_next_step(payment, send_refill)
            payment = resolution.payment
        is_open = payment.ended and (payment.may_be_paid or payment.closed_at_break_ms is not None)
        return _take_next_step(payment, send_refill) if is_open else resolution
    except AccessGone as error:
        if is_access_lost(payment.stripe_account):
            return _close_at_break(payment)
        return _leave_unresolved(payment, error)
    except (StripeUnavailable, LedgerBusy, PaymentBusy) as error:
        return _leave_unresolved(payment, error)


def charge(payment: Payment) -> Resolution:
    """Charge the card for a payment that Stripe does not have yet, and settle the answer. Raises PaymentMismatch."""
    try:
        answer = gateway.charge(payment)
        if isinstance(answer, Failure):
            return Resolution(record(payment, Outcome("failed", failure=answer)))
        return _settle_all(payment, [answer])
    except PaymentsUnavailable as error:
        renewed = _take_next_key(payment) if error.replayed else payment
        return _leave_unresolved(payment, error) if renewed == payment or renewed.ended else charge(renewed)
    except StripeUnavailable as error:
        return _leave_unresolved(_mark_key_exhausted(payment) if error.replayed else payment, error)
    except (LedgerBusy, PaymentBusy) as error:
        return _leave_unresolved(payment, error)


def _take_next_step(payment: Payment, send_refill: SendRefill) -> Resolution:
    """Ask Stripe for the PaymentIntents of a payment and take the next step: it may charge the card."""
    send = send_refill if payment.kind == "auto_pay" else _charge_if_on_file
    now_ms = clock.now_ms()
    match next_step(payment, gateway.find(payment), now_ms):
        case Settle(intents, cancel_first):
            left = [gateway.cancel(payment, each.id) if each.id in cancel_first else each for each in intents]
            return replace(_settle_all(payment, left), was_found=True)
        case Send(with_next_key=False):
            return send(payment)
        case Send():
            # The new key is on the row before it is used, so all who send this payment again use the same one.
            renewed = _take_next_key(payment)
            return Resolution(renewed) if renewed.ended else send(renewed)
        case GiveUp():
            return Resolution(record(payment, canceled_outcome(NOT_FOUND)))
        case Wait():
            return Resolution(payment)


def _charge_if_on_file(payment: Payment) -> Resolution:
    """Charge the card, or let Stripe refuse it: one that was removed meanwhile is detached first."""
    stripe_account = StripeAccount(payment.stripe_account)
    detach_unless_on_file(payment.account_id, stripe_account, payment.payment_method_id)
    return charge(payment)


def _settle_all(payment: Payment, intents: list[Intent]) -> Resolution:
    """Settle a payment by its PaymentIntents. If it had ended, these are all, and nobody may be able to pay it."""
    had_ended = payment.ended
    for each in intents:
        payment = settle(payment, each)
    if had_ended and is_closed_at_stripe(payment, intents, clock.now_ms()):
        payment = table.change(payment, with_intents_closed)
    return Resolution(payment, intents[0].client_secret if payment.state == "requires_action" else None)


def _take_next_key(payment: Payment) -> Payment:
    """Take another key where the current one only replays a refusal: nothing was done, and the cause may be gone."""
    return table.change(payment, lambda current: with_next_key(current, payment.attempt))


def _mark_key_exhausted(payment: Payment) -> Payment:
    """Note that the current key only replays an error of Stripe's own."""
    now_ms = clock.now_ms()
    return table.change(payment, lambda current: with_key_exhausted(current, payment.attempt, now_ms))


def _close_at_break(payment: Payment) -> Resolution:
    now_ms = clock.now_ms()
    closed = table.change(payment, lambda current: with_closed_at_break(current, now_ms))
    log().warning(
        "a payment is closed: its Stripe account is disconnected",
        account_id=closed.account_id,
        payment_id=closed.payment_id,
        stripe_account=closed.stripe_account,
        before=payment.state,
        state=closed.state,
    )
    return Resolution(closed)


def _leave_unresolved(payment: Payment, error: Exception) -> Resolution:
    log().warning(
        "a payment stays unresolved",
        account_id=payment.account_id,
        payment_id=payment.payment_id,
        state=payment.state,
        reason=reason_of(error),
    )
    return Resolution(payment, unavailable=error if isinstance(error, PaymentsUnavailable) else None)
