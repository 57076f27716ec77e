"""The cards on file. Pure."""

from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib.clock import from_ms

MOST_CARDS: Final = 10
LONGEST_CARD_ID: Final = 64
MOST_REMOVED: Final = 50
"""How many removed cards are remembered, so that a late message does not bring one back."""


class Card(msgspec.Struct, frozen=True):
    """A card on file, as Stripe describes it. `set_up_at_ms` is when its SetupIntent was made: the newest wins.

    `wallet` is what the card was saved through, as Stripe names it (`apple_pay`, `google_pay`, `link`), if anything.
    """

    payment_method_id: str
    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int
    fingerprint: str
    set_up_at_ms: int
    wallet: str | None = None

    def is_same_as(self, other: "Card") -> bool:
        """Tell whether both are one card: the same saved again has another id and the same fingerprint."""
        is_same_print = bool(self.fingerprint) and self.fingerprint == other.fingerprint
        return self.payment_method_id == other.payment_method_id or is_same_print


class CardsOnFile(msgspec.Struct, frozen=True):
    """The customer and the cards that an account has at a Stripe account. Every change returns a new value.

    `card` is the default, which pays for everything. Of the `others`, `backup_id` names the one that automatic payments
    try when the default is declined. `changed_at_ms` is when the last change of the default was requested. `removed`
    are the ids of cards that were taken off file.
    """

    customer_id: str | None = None
    card: Card | None = None
    others: tuple[Card, ...] = ()
    backup_id: str | None = None
    changed_at_ms: int | None = None
    removed: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Card, ...]:
        """Return every card, the default first."""
        return (*((self.card,) if self.card else ()), *self.others)

    @property
    def backup(self) -> Card | None:
        """Return the backup, if there is one."""
        return next((each for each in self.others if each.payment_method_id == self.backup_id), None)

    @property
    def is_full(self) -> bool:
        """Tell whether there is no room for another card."""
        return len(self.all) >= MOST_CARDS

    def find(self, payment_method_id: str) -> Card | None:
        """Return a card by its id."""
        return next((each for each in self.all if each.payment_method_id == payment_method_id), None)

    def accepts(self, card: Card) -> bool:
        """Tell whether a card may become the default: no newer change was made, and it was not removed since."""
        is_newest = self.changed_at_ms is None or self.changed_at_ms <= card.set_up_at_ms
        return is_newest and card.payment_method_id not in self.removed

    def with_default(self, card: Card) -> "CardsOnFile":
        """Return them with this card in place of the default. Another entry of the same card leaves, too."""
        leaving = [each for each in self.all if each == self.card or each.is_same_as(card)]
        return self._without(leaving, keeping=card, card=card, changed_at_ms=card.set_up_at_ms)

    def with_another(self, card: Card) -> "CardsOnFile":
        """Return them with one more card, if there is room, or in place of the same card. The first is the default."""
        if card.payment_method_id in self.removed:
            return self
        same = next((each for each in self.all if each.is_same_as(card)), None)
        if same:
            return self.refreshed(same, card)
        if self.is_full:
            return self
        becomes_default = self.card is None and self.accepts(card)
        return self.with_default(card) if becomes_default else replace(self, others=(*self.others, card))

    def refreshed(self, known: Card, card: Card) -> "CardsOnFile":
        """Return them with a card as it is now, or as it was saved again, in the place that it had."""
        is_backup = known.payment_method_id == self.backup_id
        return self._without(
            [known],
            keeping=card,
            card=card if known == self.card else self.card,
            others=tuple(card if each == known else each for each in self.others),
            backup_id=card.payment_method_id if is_backup else self.backup_id,
        )

    def without(self, payment_method_id: str, *, at_ms: int) -> "CardsOnFile":
        """Return them without a card. Nothing succeeds the default: a person chooses what is charged."""
        leaving = self.find(payment_method_id)
        if leaving is None:
            return self
        if leaving == self.card:
            return self._without([leaving], card=None, changed_at_ms=at_ms)
        return self._without([leaving])

    def made_default(self, payment_method_id: str, *, at_ms: int) -> "CardsOnFile":
        """Return them with another default. The one so far stays; it is the backup if the new default was that."""
        card = next((each for each in self.others if each.payment_method_id == payment_method_id), None)
        if card is None:
            return self
        so_far = (self.card,) if self.card else ()
        others = (*so_far, *(each for each in self.others if each != card))
        backup_id = self.backup_id
        if backup_id == payment_method_id:
            backup_id = self.card.payment_method_id if self.card else None
        return replace(self, card=card, others=others, backup_id=backup_id, changed_at_ms=at_ms)

    def made_backup(self, payment_method_id: str | None) -> "CardsOnFile":
        """Return them with this card, which is not the default, as the backup; with None, without a backup."""
        is_other = any(each.payment_method_id == payment_method_id for each in self.others)
        return replace(self, backup_id=payment_method_id) if payment_method_id is None or is_other else self

    def _without(self, leaving: list[Card], *, keeping: Card | None = None, **changes: object) -> "CardsOnFile":
        """Return them without cards, which are remembered as removed, and with other changes."""
        kept_id = keeping.payment_method_id if keeping else None
        gone = [each.payment_method_id for each in leaving if each.payment_method_id != kept_id]
        changed = replace(self, **{"others": tuple(each for each in self.others if each not in leaving), **changes})
        is_backup_there = any(each.payment_method_id == changed.backup_id for each in changed.others)
        removed = (*self.removed, *gone)[-MOST_REMOVED:]
        return replace(changed, removed=removed, backup_id=changed.backup_id if is_backup_there else None)


def is_expired(card: Card, now_ms: int) -> bool:
    """Tell whether a card has expired: it is valid to the end of its month."""
    now = from_ms(now_ms)
    return (card.expiry_year, card.expiry_month) < (now.year, now.month)


def dropped(before: CardsOnFile, after: CardsOnFile) -> list[str]:
    """Return the ids of the cards that a change took off file."""
    kept = {each.payment_method_id for each in after.all}
    return [each.payment_method_id for each in before.all if each.payment_method_id not in kept]


def is_card_changed(before: CardsOnFile | None, after: CardsOnFile | None) -> bool:
    """Tell whether an account has other cards, or another customer at Stripe, than before."""
    one, other = (each or CardsOnFile() for each in (before, after))
    return (one.customer_id, one.all, one.backup_id) != (other.customer_id, other.all, other.backup_id)
