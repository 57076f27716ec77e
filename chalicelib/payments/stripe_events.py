"""Process Stripe's events about payments, by type."""

from collections.abc import Callable
from typing import Final

from chalicelib.log import log
from chalicelib.payments import table
from chalicelib.payments.intent import parse_intent
from chalicelib.payments.payment import PREFIX
from chalicelib.payments.settle import settle
from chalicelib.stripe_api.event import PROCESSED, StripeEvent, Verdict


class UnknownPayment(Exception):
    """An event names a payment that is not in the table: the rows and Stripe do not agree."""


def _process_payment_intent(event: StripeEvent) -> Verdict:
    intent = parse_intent(event.object, event.account)
    account_id, payment_id = intent.metadata.get("account_id", ""), intent.metadata.get("payment_id", "")
    if not account_id or not payment_id.startswith(PREFIX):
        reason = f"PaymentIntent {intent.id} was not made here"
        # Money that is not known here is for a person to look at; an attempt that moved none is not, nor is what a
        # workspace does with its own Stripe account.
        is_ours_to_know = intent.status == "succeeded" and event.account is None
        return Verdict("parked" if is_ours_to_know else "ignored", reason)
    payment = table.find(account_id, payment_id)
    if event.account and (payment is None or payment.stripe_account != event.account):
        # Anyone with access to a connected account can write such metadata there.
        log().warning("an event names a payment of another Stripe account", event_id=event.id, account=event.account)
        return Verdict("ignored", f"PaymentIntent {intent.id} names a payment that was not made on this account")
    if payment is None:
        raise UnknownPayment(
            f"PaymentIntent {intent.id} is for payment {payment_id} of {account_id!r}, which is not there"
        )
    settle(payment, intent)
    return PROCESSED


PROCESSORS: Final[dict[str, Callable[[StripeEvent], Verdict]]] = {
    "payment_intent.succeeded": _process_payment_intent,
    "payment_intent.processing": _process_payment_intent,
    "payment_intent.requires_action": _process_payment_intent,
    "payment_intent.payment_failed": _process_payment_intent,
    "payment_intent.canceled": _process_payment_intent,
}
