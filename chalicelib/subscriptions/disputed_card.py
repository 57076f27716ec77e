"""Whether the card on file may be charged by itself for a period: the rule of auto-pay, by what auto-pay was told."""

from chalicelib.accounts.account import Account
from chalicelib.auto_pay import table as auto_pay
from chalicelib.catalog.policies import Disputes
from chalicelib.payments import table as payments
from chalicelib.reversals.objection import answered_objections, objections


def is_card_disputed(account: Account, policy: Disputes, now_ms: int) -> bool:
    """Tell whether a bank objects to the card on file, and nobody has answered that since. Reads the payments.

    Answers are a payment by hand with this card, and auto-pay switched on again by somebody who knew of it.
    """
    if account.card is None:
        return False
    found = objections(payments.reversed_since(account.account_id, now_ms), account.card, policy)
    found -= _known_to_auto_pay(account.account_id) if found else set()
    if not found:
        return False
    recent = payments.reversible(account.account_id, now_ms)
    return bool(found - answered_objections(recent, account.card, policy))


def _known_to_auto_pay(account_id: str) -> set[str]:
    """Return the objections in spite of which a person has switched auto-pay on."""
    found = auto_pay.find(account_id)
    return set(found.objections or ()) - set(found.held_by) if found else set()
