"""Send a refill to Stripe, if it is still wanted at that moment: it may be a month after it was decided, or hours."""

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import OUTDATED
from chalicelib.auto_pay.decision import decide
from chalicelib.auto_pay.evaluate import look
from chalicelib.auto_pay.outdated_refill import is_late, may_arrive, why_outdated
from chalicelib.catalog.catalog import catalog
from chalicelib.log import log
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Failure, Outcome, Payment, advance
from chalicelib.payments.resolve import Resolved, charge


def send_refill(payment: Payment) -> Resolved:
    """Charge the card for a refill that Stripe does not have, or give it up where it is out of date.

    The time of sending is on its row before Stripe is called, and the refill counts in that month. One that was given
    up is decided anew by whoever hears of its end. Raises PaymentMismatch, PaymentBusy.
    """
    why = _why_outdated(payment)
    if why is None:
        sent = _stamp(payment)
        return Resolved(sent) if sent.ended else charge(sent)
    if may_arrive(payment, clock.now_ms()):
        return Resolved(payment)
    log().info("a refill is out of date", payment_id=payment.payment_id, code=why.code, reason=why.message)
    return Resolved(_give_up(payment, why))


def _why_outdated(payment: Payment) -> Failure | None:
    auto_pay, account = table.find(payment.account_id), accounts.get(payment.account_id)
    if auto_pay is None or auto_pay.in_flight_payment_id != payment.payment_id:
        return Failure(OUTDATED, None, "It was not made: auto-pay does not wait for it any more.")
    enabled = auto_pay.enabled or not is_late(payment, clock.now_ms())
    without = replace(auto_pay, in_flight_payment_id=None, enabled=enabled)
    seen = look(without, account, catalog(), without=payment.payment_id)
    return why_outdated(payment, decide(seen.auto_pay, seen.situation), seen.situation.card)


def _stamp(payment: Payment) -> Payment:
    now_ms = clock.now_ms()
    return payments.change(payment, lambda current: current if current.ended else replace(current, sent_at_ms=now_ms))


def _give_up(payment: Payment, why: Failure) -> Payment:
    """Cancel a refill, unless somebody has sent it since it was read."""
    given_up = Outcome("canceled", failure=why)

    def give_up(current: Payment) -> Payment:
        return advance(current, given_up) if current.sent_at_ms == payment.sent_at_ms else current

    return payments.change(payment, give_up)
