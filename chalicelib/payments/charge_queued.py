"""Make the payments of the charges queue. One that fails stops no other."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import clock
from chalicelib.batches import each_message
from chalicelib.payments import table
from chalicelib.payments.lifecycle import was_never_sent
from chalicelib.payments.payment import Payment
from chalicelib.payments.queue import ChargeMessage
from chalicelib.payments.resolve import SendRefill, charge, resolve
from chalicelib.typed import json_decoder


def charge_all(records: Sequence[Mapping[str, Any]], *, send_refill: SendRefill) -> list[str]:
    """Make the payments of SQS records; return the ids of the messages that must be delivered again.

    `send_refill` sends a refill of auto-pay, if it is still wanted. A payment that Stripe gives no clear answer to is
    not delivered again: the sweeper goes on with it.
    """

    def handle(record: Mapping[str, Any]) -> None:
        charge_one(json_decoder(ChargeMessage).decode(record["body"]), send_refill=send_refill)

    return each_message(records, handle, message="a payment was not made")


def charge_one(message: ChargeMessage, *, send_refill: SendRefill) -> Payment:
    """Make one payment and return it as it then is; one that has ended stays as it is.

    Raises PaymentNotFound, PaymentMismatch.
    """
    payment = table.get(message.account_id, message.payment_id)
    if payment.ended:
        return payment
    if was_never_sent(payment, clock.now_ms()):
        send = send_refill if payment.kind == "auto_pay" else charge
        payment = send(payment).payment
    else:
        payment = resolve(payment, send_refill=send_refill).payment
    # No customer waits for the answer, so one that failed is canceled at Stripe at once.
    return resolve(payment).payment if payment.ended else payment
