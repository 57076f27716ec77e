"""What a bank holds against a card: disputes, and warnings of fraud, of payments made with it. Pure.

One rule for all that charges a card by itself. An objection is to a card, not to an account: another card may be
charged. Who pays with the card by hand, later, has answered it.
"""

from collections.abc import Iterable
from typing import Final

from chalicelib.accounts.account import Card
from chalicelib.catalog.policies import Disputes
from chalicelib.payments.payment import Payment

HARMLESS: Final = frozenset({"won", "warning_closed"})
"""Statuses of a dispute after which the money is ours, and nobody objects any more."""

LOST: Final = frozenset({"lost", "prevented"})
STOP: Final = "stop_charging_card"


def objection(payment: Payment, policy: Disputes) -> str | None:
    """Name what a bank holds against a payment, if no card is charged in spite of it; a dispute goes before a warning.

    A status that is not known here is taken for an open dispute.
    """
    status = payment.dispute_status
    if status:
        stops = (policy.on_lost if status in LOST else policy.on_open) == STOP and status not in HARMLESS
        return f"{payment.payment_id}/dispute" if stops else None
    stops = bool(payment.fraud_warning) and policy.on_fraud_warning == STOP
    return f"{payment.payment_id}/fraud_warning" if stops else None


def objections(payments: Iterable[Payment], card: Card, policy: Disputes) -> set[str]:
    """Return what is held against a card, by the payments made with it."""
    found = (objection(each, policy) for each in payments if is_made_with(each, card))
    return {name for name in found if name}


def answered(payments: Iterable[Payment], card: Card, policy: Disputes) -> set[str]:
    """Return what is held against a card, and was answered: the customer has paid with it by hand since."""
    made = {each.payment_id: each for each in payments if is_made_with(each, card)}
    by_hand = [each for each in made.values() if each.state == "succeeded" and not each.off_session]

    def is_answered(disputed: Payment) -> bool:
        # Never by itself, whatever Stripe's clock says of when the bank objected to it.
        others = (each for each in by_hand if each.payment_id != disputed.payment_id)
        return any(each.created_at_ms > _objected_at_ms(disputed) for each in others)

    return objections(filter(is_answered, made.values()), card, policy)


def is_made_with(payment: Payment, card: Card) -> bool:
    """Tell whether a payment was made with a card. The same card saved anew has the fingerprint that it had."""
    if payment.card_fingerprint and card.fingerprint:
        return payment.card_fingerprint == card.fingerprint
    return payment.payment_method_id == card.payment_method_id


def _objected_at_ms(payment: Payment) -> int:
    """Return when a bank objected; of a row that does not know it, when it was changed last."""
    return payment.updated_at_ms if payment.objected_at_ms is None else payment.objected_at_ms
