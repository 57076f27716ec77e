"""When a declined payment may be tried once with the backup card. Pure."""

from collections.abc import Iterable
from typing import Final

from chalicelib.cards.card import Card
from chalicelib.payments.payment import Failure, Payment

TRY_ANOTHER_CARD: Final = frozenset(
    """
    approve_with_id call_issuer card_not_supported card_velocity_exceeded currency_not_supported do_not_honor
    expired_card generic_decline insufficient_funds invalid_account issuer_not_available lost_card
    new_account_information_available no_action_taken not_permitted processing_error reenter_transaction
    service_not_allowed transaction_not_allowed try_again_later withdrawal_count_limit_exceeded
    """.split()
)
"""Declines that are about this card alone (https://docs.stripe.com/declines/codes).

Not in the list, so that no other card is charged: the bank wants its customer (`authentication_required`,
`mobile_device_authentication_required`), suspects fraud (`fraudulent`, `stolen_card`, `pickup_card`, `restricted_card`,
`security_violation`, `merchant_blacklist`), says stop (`stop_payment_order`, `revocation_of_authorization`,
`revocation_of_all_authorizations`, `do_not_try_again`), knows the payment already (`duplicate_transaction`), or the
amount is wrong (`invalid_amount`); and every code that is not known here.
"""


def may_try_backup(payment: Payment, backup: Card | None) -> bool:
    """Tell whether a payment may be made again with the backup: it was declined, and another card was charged.

    One that was sent with several keys may have another PaymentIntent, which nobody has seen yet and which may succeed.
    """
    if backup is None or payment.failure is None or payment.state != "failed" or payment.payment_intent_id is None:
        return False
    if payment.attempt > 1 and payment.may_be_paid:
        return False
    return _is_about_the_card_alone(payment.failure) and not payment.is_made_with(backup)


def is_refused_for_good(card: Card, payments: Iterable[Payment]) -> bool:
    """Tell whether a card must not be charged by itself any more: its bank wants the customer, or has forbidden it.

    So it said last; paying by hand with the card answers that, and a card that is saved again begins anew.
    """
    tried = [
        each
        for each in payments
        if each.is_made_with(card) and each.created_at_ms >= card.set_up_at_ms and _is_answered(each)
    ]
    last = max(tried, key=lambda each: each.state_at_ms, default=None)
    return last is not None and last.failure is not None and not _is_about_the_card_alone(last.failure)


def _is_answered(payment: Payment) -> bool:
    """Tell whether the bank has paid it, or has declined it without the customer."""
    is_declined = payment.state == "failed" and payment.payment_intent_id is not None and payment.off_session
    return is_declined or payment.state == "succeeded"


def _is_about_the_card_alone(failure: Failure) -> bool:
    return (failure.decline_code or failure.code) in TRY_ANOTHER_CARD
