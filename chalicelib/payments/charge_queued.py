"""Make the payments of the charges queue, each answered for by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import clock
from chalicelib.batches import each_message
from chalicelib.payments import table
from chalicelib.payments.payment import Payment, is_key_dead
from chalicelib.payments.queue import ChargeMessage
from chalicelib.payments.resolve import Send, charge, resolve
from chalicelib.typed import json_decoder


def charge_all(records: Sequence[Mapping[str, Any]], *, send_refill: Send) -> list[str]:
    """Make the payments of SQS records; return the ids of the messages that must be delivered again.

    `send_refill` sends a refill of auto-pay, if it is still wanted.

    A payment that Stripe gives no clear answer to is not among them: the payments' sweeper goes on with it.
    """

    def handle(record: Mapping[str, Any]) -> None:
        make(json_decoder(ChargeMessage).decode(record["body"]), send_refill=send_refill)

    return each_message(records, handle, message="a payment was not made")


def make(message: ChargeMessage, *, send_refill: Send) -> Payment:
    """Make one payment and return it as it then is; one that has ended stays as it is.

    A refill is looked at once more before it is sent. Raises PaymentNotFound, PaymentMismatch.
    """
    payment = table.get(message.account_id, message.payment_id)
    if payment.ended:
        return payment
    if is_untouched(payment, clock.now_ms()):
        made = (send_refill(payment) if payment.kind == "auto_pay" else charge(payment)).payment
    else:
        made = resolve(payment, send_refill=send_refill).payment
    # One that failed is canceled at Stripe at once: nobody is there who waits for the answer.
    return resolve(made).payment if made.ended else made


def is_untouched(payment: Payment, now_ms: int) -> bool:
    """Tell whether nobody is known to have sent a payment to Stripe; if somebody has, its key makes it the same one.

    It saves the look at Stripe that comes first for all others.
    """
    never_sent = payment.state == "created" and payment.payment_intent_id is None and payment.spent_at_ms is None
    return never_sent and payment.sent_at_ms is None and payment.checks == 0 and not is_key_dead(payment, now_ms)
