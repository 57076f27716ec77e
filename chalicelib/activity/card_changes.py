"""What a change of the cards on file is to a person. Pure."""

from collections.abc import Iterator
from typing import Final

from chalicelib.activity.entry import FieldChange, Finding, Written
from chalicelib.cards.card import Card, CardsOnFile

NOTHING: Final = CardsOnFile()


def card_changes(before: Written[CardsOnFile] | None, after: Written[CardsOnFile]) -> Finding:
    """Return what changed: cards that came, went, or are described anew by Stripe; the default, the backup.

    That the only card is the default, and that a card which is gone is not, goes without saying.
    """
    was, is_now = before.value if before else NOTHING, after.value
    ids = [{each.payment_method_id for each in cards.all} for cards in (was, is_now)]
    roles = (("default", was.card, is_now.card), ("backup", was.backup, is_now.backup))
    found = [
        FieldChange(name, card_text(one), card_text(other))
        for name, one, other in roles
        if _id(one) != _id(other) and (_id(one) in ids[1] or _id(other) in ids[0] or (one and other))
    ]
    return Finding(after.by, (*_cards(was, is_now), *found), None if after.at_ms is None else int(after.at_ms))


def card_text(card: Card | None) -> str | None:
    """Write what people know a card by: `visa 4242 2030-08`."""
    return f"{card.brand} {card.last_four} {card.expiry_year}-{card.expiry_month:02d}" if card else None


def _cards(before: CardsOnFile, after: CardsOnFile) -> Iterator[FieldChange]:
    were, are = ({each.payment_method_id: card_text(each) for each in cards.all} for cards in (before, after))
    for each in dict.fromkeys([*were, *are]):
        if were.get(each) != are.get(each):
            yield FieldChange("card", were.get(each), are.get(each))


def _id(card: Card | None) -> str | None:
    return card.payment_method_id if card else None
