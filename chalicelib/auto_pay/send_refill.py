"""Send a refill to Stripe, if it is still wanted: hours, or a month, may have passed since it was decided."""

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import OUTDATED
from chalicelib.auto_pay.decision import card_to_charge, decide
from chalicelib.auto_pay.evaluate import load_snapshot
from chalicelib.auto_pay.outdated_refill import find_outdated_failure, is_late, was_just_sent
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import catalog
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.lifecycle import Outcome, advance
from chalicelib.payments.payment import Failure, Payment
from chalicelib.payments.resolve import Resolution, charge


def send_refill(payment: Payment) -> Resolution:
    """Charge the card for a refill that Stripe does not have yet, or cancel the refill if it is outdated.

    The time of sending is written before Stripe is called, and the refill counts in that month. After a refill is
    canceled, the account is evaluated again, as after every payment that ends. Raises PaymentMismatch, PaymentBusy.
    """
    failure = _find_outdated_failure(payment)
    if failure is None:
        sent = _mark_sent(payment)
        return Resolution(sent) if sent.ended else charge(sent)
    if was_just_sent(payment, clock.now_ms()):
        return Resolution(payment)
    log().info("a refill is outdated", payment_id=payment.payment_id, code=failure.code, reason=failure.message)
    return Resolution(_cancel(payment, failure))


def _find_outdated_failure(payment: Payment) -> Failure | None:
    auto_pay, payer = table.find(payment.account_id), get_payer(payment.account_id)
    if auto_pay is None or auto_pay.in_flight_payment_id != payment.payment_id:
        return Failure(OUTDATED, None, "It was not made: auto-pay does not wait for it any more.")
    enabled = auto_pay.enabled or not is_late(payment, clock.now_ms())
    without = replace(auto_pay, in_flight_payment_id=None, enabled=enabled)
    snapshot = load_snapshot(without, payer, catalog(), excluding=payment.payment_id)
    decision = decide(snapshot.auto_pay, snapshot.situation)
    return find_outdated_failure(payment, decision, card_to_charge(snapshot.auto_pay, snapshot.situation))


def _mark_sent(payment: Payment) -> Payment:
    now_ms = clock.now_ms()
    return payments.change(payment, lambda current: current if current.ended else replace(current, sent_at_ms=now_ms))


def _cancel(payment: Payment, failure: Failure) -> Payment:
    """Cancel a refill, unless a concurrent run has sent it since it was read."""
    canceled = Outcome("canceled", failure=failure)

    def cancel(current: Payment) -> Payment:
        return advance(current, canceled) if current.sent_at_ms == payment.sent_at_ms else current

    return payments.change(payment, cancel)
