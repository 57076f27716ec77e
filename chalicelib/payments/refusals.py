"""The refusals of a payment that a customer makes by hand, whatever it is for."""

from chalicelib.errors import Refusal
from chalicelib.payments.payment import CLOSED_AT_BREAK, Failure, Payment


class CardDeclined(Refusal):
    """The payment failed; nothing was charged. `code` and `decline_code` are Stripe's."""

    status = 402
    type = "card-declined"
    title = "The card was declined"

    def __init__(self, payment: Payment) -> None:
        failure = payment.failure or Failure("unknown")
        super().__init__(
            failure.message or "the card was declined; nothing was charged",
            payment_id=payment.payment_id,
            code=failure.code,
            decline_code=failure.decline_code,
        )


class PaymentCanceled(Refusal):
    """The payment that the key stands for was canceled; nothing was charged."""

    status = 409
    type = "payment-canceled"
    title = "The payment was canceled"

    def __init__(self, payment: Payment) -> None:
        failure = payment.failure or Failure("canceled")
        nothing_charged = "this payment was canceled and nothing was charged; take a new Idempotency-Key to pay"
        super().__init__(
            failure.message if failure.code == CLOSED_AT_BREAK else nothing_charged,
            payment_id=payment.payment_id,
            reason=failure.code,
        )


def refuse_unpaid(payment: Payment) -> None:
    """Refuse a payment that failed or was canceled. Raises CardDeclined, PaymentCanceled."""
    if payment.state == "failed":
        raise CardDeclined(payment)
    if payment.state == "canceled":
        raise PaymentCanceled(payment)
