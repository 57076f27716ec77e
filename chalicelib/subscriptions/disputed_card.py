"""Whether a dispute keeps the card on file from being charged automatically, by the rule of auto-pay."""

from chalicelib.auto_pay import table as auto_pay
from chalicelib.cards.card import Card, is_expired
from chalicelib.cards.payer import Payer
from chalicelib.catalog.policies import Disputes
from chalicelib.payments import table as payments
from chalicelib.payments.backup import is_refused_for_good
from chalicelib.reversals.objection import answered_objections, objections


def is_card_disputed(payer: Payer, policy: Disputes, now_ms: int) -> bool:
    """Tell whether a bank objects to the card on file and the customer has not answered that. Reads the payments.

    The customer answers by paying by hand with this card, or by switching auto-pay on again after the objection.
    """
    if payer.card is None:
        return False
    found = objections(payments.reversed_since(payer.account_id, now_ms), payer.card, policy)
    found -= _accepted_by_auto_pay(payer.account_id) if found else set()
    return bool(
        found and found - answered_objections(payments.reversible(payer.account_id, now_ms), payer.card, policy)
    )


def find_backup(payer: Payer, policy: Disputes, now_ms: int) -> Card | None:
    """Return the backup if it can be charged by itself: it has not expired, and its bank does not object to that."""
    backup = payer.chargeable_backup
    if backup is None or is_expired(backup, now_ms) or is_card_disputed(payer.paying_with(backup), policy, now_ms):
        return None
    return None if is_refused_for_good(backup, payments.recent(payer.account_id, now_ms)) else backup


def _accepted_by_auto_pay(account_id: str) -> set[str]:
    """Return the objections that a person has accepted by switching auto-pay on."""
    found = auto_pay.find(account_id)
    return set(found.objections or ()) - set(found.held_by) if found else set()
