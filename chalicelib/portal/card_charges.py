"""What a card is charged as soon as it is saved, or made the default: an overdue renewal, or a refill by auto-pay.

It is decided by the rules that then charge it, and said before.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from chalicelib import clock
from chalicelib.accounts.tax import tax_of
from chalicelib.auto_pay.new_card import ANOTHER, is_refill_with_any_card, refill_with
from chalicelib.cards.card import Card
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.i18n.texts import mark
from chalicelib.overview.load import OverviewSnapshot
from chalicelib.portal.words import Words
from chalicelib.reversals.objection import objections
from chalicelib.subscriptions.dunning import is_blocked_by_dispute
from chalicelib.subscriptions.new_card import OwedCharge, charge_of_owed

Purpose = Literal["renewal", "refill"]
Condition = Literal["always", "another_card", "maybe"]

ON_SAVING: Final[dict[tuple[Purpose, Condition], str]] = {
    ("renewal", "always"): mark(
        "When you save the card, we'll charge %(amount)s to it right away for your overdue subscription."
    ),
    ("renewal", "another_card"): mark(
        "If it's not the same card as before, we'll charge %(amount)s to it right away for your overdue subscription."
    ),
    ("renewal", "maybe"): mark(
        "When you save the card, we may charge %(amount)s to it right away for your overdue subscription."
    ),
    ("refill", "always"): mark(
        "When you save the card, we'll charge %(amount)s to it right away to refill your balance."
    ),
    ("refill", "another_card"): mark(
        "If it's not the same card as before, we'll charge %(amount)s to it right away to refill your balance."
    ),
}
ON_CHOOSING: Final[dict[tuple[Purpose, Condition], str]] = {
    ("renewal", "always"): mark(
        "If you make it the default, we'll charge %(amount)s to it right away for your overdue subscription."
    ),
    ("renewal", "maybe"): mark(
        "If you make it the default, we may charge %(amount)s to it right away for your overdue subscription."
    ),
    ("refill", "always"): mark(
        "If you make it the default, we'll charge %(amount)s to it right away to refill your balance."
    ),
}


class CardCharge(msgspec.Struct, frozen=True):
    """What a card is charged, for what, and whether that is sure."""

    purpose: Purpose
    amount_micros: int
    condition: Condition = "always"


def say_on_saving(found: OverviewSnapshot, payer: Payer, catalog: Catalog, words: Words) -> list[str]:
    """Say what a card that is to be the default is charged as soon as it is saved; nothing if it is not charged."""
    return [_say(each, ON_SAVING, payer, words) for each in on_saving(found, payer, catalog)]


def say_on_choosing(found: OverviewSnapshot, payer: Payer, catalog: Catalog, words: Words) -> dict[str, list[str]]:
    """Say, for each other card by its id, what it is charged as soon as it is made the default."""
    return {
        card.payment_method_id: [
            _say(each, ON_CHOOSING, payer, words) for each in on_choosing(found, payer, catalog, card)
        ]
        for card in payer.others
    }


def on_saving(found: OverviewSnapshot, payer: Payer, catalog: Catalog) -> Iterator[CardCharge]:
    """Yield what a new default card is charged."""
    if payer.waits_for_connection:
        return
    owed, subscription = _owed(found, payer, catalog, ANOTHER.payment_method_id), found.subscription
    if owed and subscription:
        condition: Condition = "another_card" if is_blocked_by_dispute(subscription) else "always"
        yield CardCharge("renewal", owed.amount_micros, condition if owed.certain else "maybe")
    refill_micros = refill_with(found.auto_pay, ANOTHER, catalog)
    if refill_micros:
        is_any = is_refill_with_any_card(found.auto_pay, catalog)
        yield CardCharge("refill", refill_micros, "always" if is_any else "another_card")


def on_choosing(found: OverviewSnapshot, payer: Payer, catalog: Catalog, card: Card) -> Iterator[CardCharge]:
    """Yield what a card on file is charged once it is the default."""
    if payer.waits_for_connection:
        return
    owed = _owed(found, payer, catalog, card.payment_method_id)
    if owed:
        objected = objections(found.auto_pay.reversed_payments, card, catalog.disputes)
        yield CardCharge("renewal", owed.amount_micros, "always" if owed.certain and not objected else "maybe")
    refill_micros = refill_with(found.auto_pay, card, catalog)
    if refill_micros:
        yield CardCharge("refill", refill_micros)


def _owed(found: OverviewSnapshot, payer: Payer, catalog: Catalog, card_id: str) -> OwedCharge | None:
    subscription = found.subscription
    if subscription is None:
        return None
    return charge_of_owed(subscription, card_id, catalog, clock.now_ms(), tax_of(payer.account, catalog))


def _say(charge: CardCharge, texts: dict[tuple[Purpose, Condition], str], payer: Payer, words: Words) -> str:
    amount = words.amount(charge.amount_micros, payer.account.currency)
    return words.say(texts[charge.purpose, charge.condition], amount=amount)
