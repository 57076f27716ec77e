"""Objections of a bank to a card: disputes and fraud warnings of payments made with it. Pure.

The rule is the same for everything that charges a card automatically. An objection applies to a card, not to an
account: another card may be charged. A customer who later pays with the card by hand has answered it.
"""

from collections.abc import Iterable
from typing import Final

from chalicelib.cards.card import Card
from chalicelib.catalog.policies import Disputes
from chalicelib.payments.payment import Payment

HARMLESS: Final = frozenset({"won", "warning_closed"})
"""Statuses of a dispute after which the money stays here and the objection has ended."""

LOST: Final = frozenset({"lost", "prevented"})
STOP: Final = "stop_charging_card"


def objection(payment: Payment, policy: Disputes) -> str | None:
    """Return the name of the objection to a payment, if its card must not be charged; a dispute outranks a warning.

    A status that is not known here counts as an open dispute.
    """
    status = payment.dispute_status
    if status:
        stops = (policy.on_lost if status in LOST else policy.on_open) == STOP and status not in HARMLESS
        return f"{payment.payment_id}/dispute" if stops else None
    stops = bool(payment.fraud_warning) and policy.on_fraud_warning == STOP
    return f"{payment.payment_id}/fraud_warning" if stops else None


def objections(payments: Iterable[Payment], card: Card, policy: Disputes) -> set[str]:
    """Return the objections to a card."""
    found = (objection(each, policy) for each in payments if each.is_made_with(card))
    return {name for name in found if name}


def answered_objections(payments: Iterable[Payment], card: Card, policy: Disputes) -> set[str]:
    """Return the objections to a card that were answered: the customer has paid with it by hand since."""
    made = {each.payment_id: each for each in payments if each.is_made_with(card)}
    by_hand = [each for each in made.values() if each.state == "succeeded" and not each.off_session]

    def is_answered(disputed: Payment) -> bool:
        # A payment does not answer its own objection, whatever time Stripe reports for the objection.
        others = (each for each in by_hand if each.payment_id != disputed.payment_id)
        return any(each.created_at_ms > _objected_at_ms(disputed) for each in others)

    return objections(filter(is_answered, made.values()), card, policy)


def _objected_at_ms(payment: Payment) -> int:
    """Return when the bank objected; for older rows without that time, when the row was last changed."""
    return payment.updated_at_ms if payment.objected_at_ms is None else payment.objected_at_ms
