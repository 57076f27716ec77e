"""What auto-pay charges a card as soon as it becomes the default."""

from typing import Final

from msgspec.structs import replace

from chalicelib.auto_pay.decision import Charge, decide
from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.auto_pay.payment_outcomes import apply_payments
from chalicelib.auto_pay.reversal_outcomes import apply_reversals
from chalicelib.cards.card import Card
from chalicelib.catalog.catalog import Catalog

ANOTHER: Final = Card("pm_another", "", "", 12, 9999, "another", 0)
"""Stands for a card that is not saved yet, and that was never charged here: its id is that of no other."""


def refill_with(snapshot: Snapshot, card: Card, catalog: Catalog) -> int | None:
    """Return what auto-pay charges a card once it is the default, by the rule of `evaluate_account`; None if nothing.

    A card may be charged although the default is not: it is missing, was declined, or its bank objects to it.
    """
    auto_pay = apply_payments(snapshot.auto_pay, snapshot.payments, card, catalog.auto_pay)
    auto_pay = apply_reversals(
        auto_pay,
        snapshot.reversed_payments,
        snapshot.payments,
        snapshot.situation.now_ms,
        card=card,
        policy=catalog.disputes,
    )
    situation = replace(snapshot.situation, card=card, backup=None, card_needed_again=False)
    decision = decide(auto_pay, situation)
    return decision.amount_micros if isinstance(decision, Charge) else None


def is_refill_with_any_card(snapshot: Snapshot, catalog: Catalog) -> bool:
    """Tell whether the refill is charged even if one of the cards known so far is saved again, with another id."""
    known = [each.fingerprint for each in (snapshot.auto_pay.charged_card, snapshot.payer.card) if each]
    again = [replace(ANOTHER, fingerprint=each) for each in known]
    return all(refill_with(snapshot, each, catalog) is not None for each in again)
