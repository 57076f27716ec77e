"""What a change of the cards on file is to a person. Pure."""

from typing import Final

from chalicelib.activity.entry import FieldChange, Finding, Written
from chalicelib.cards.card import Card, CardsOnFile

NOTHING: Final = CardsOnFile()


def card_changes(before: Written[CardsOnFile] | None, after: Written[CardsOnFile]) -> Finding:
    """Return what changed: the default, the backup, and cards that came, went, or are described anew by Stripe."""
    were = before.value if before else NOTHING
    return Finding(after.by, (*_roles(were, after.value), *_cards(were, after.value)))


def card_text(card: Card | None) -> str | None:
    """Write what people know a card by: `visa 4242 2030-08`."""
    return f"{card.brand} {card.last_four} {card.expiry_year}-{card.expiry_month:02d}" if card else None


def _roles(before: CardsOnFile, after: CardsOnFile) -> list[FieldChange]:
    pairs = (("default", before.card, after.card), ("backup", before.backup, after.backup))
    return [FieldChange(name, card_text(was), card_text(now)) for name, was, now in pairs if _id(was) != _id(now)]


def _cards(before: CardsOnFile, after: CardsOnFile) -> list[FieldChange]:
    """Return cards that came, went or changed. A default that came or went stands in its role."""
    were, are = ({each.payment_method_id: each for each in cards.all} for cards in (before, after))
    in_roles = {_id(before.card) if _id(before.card) not in are else None}
    in_roles |= {_id(after.card) if _id(after.card) not in were else None}
    return [
        FieldChange("card", card_text(were.get(each)), card_text(are.get(each)))
        for each in dict.fromkeys([*were, *are])
        if each not in in_roles and card_text(were.get(each)) != card_text(are.get(each))
    ]


def _id(card: Card | None) -> str | None:
    return card.payment_method_id if card else None
