"""Choose which card on file is the default, and which the backup."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.cards import table
from chalicelib.cards.card import LONGEST_CARD_ID, CardsOnFile
from chalicelib.cards.payer import Payer
from chalicelib.errors import Refusal

Role = Literal["default", "backup", "none"]


class CardNotFound(Refusal):
    """The account has no such card on file."""

    status = 404
    type = "card-not-found"
    title = "No such card"

    def __init__(self, card_id: str) -> None:
        super().__init__(f"there is no card {card_id[:LONGEST_CARD_ID]!r} on file", card_id=card_id[:LONGEST_CARD_ID])


class DefaultHasNoOtherRole(Refusal):
    """The default card was to be the backup, or to have no role: it is what another card has to take from it."""

    status = 409
    type = "card-is-default"
    title = "The card is the default"

    def __init__(self) -> None:
        super().__init__("this card is the default; make another one the default first", field="role")


class RoleRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The role of a card: the `default` pays; automatic payments try the `backup` if the default is declined."""

    role: Role


def choose_card(payer: Payer, card_id: str, role: Role, *, actor: str | None = None) -> Payer:
    """Give a card its role, and return the payer as it is then. Safe to repeat.

    The card that was the default stays on file. Raises CardNotFound, DefaultHasNoOtherRole, CardsBusy.
    """
    if payer.stripe_account is None or payer.find_card(card_id) is None:
        raise CardNotFound(card_id)
    now_ms = clock.now_ms()
    _, cards = table.change(
        payer.account_id, payer.stripe_account, lambda cards: _with_role(cards, card_id, role, now_ms), by=actor
    )
    card = cards.find(card_id)
    if card is None:
        raise CardNotFound(card_id)
    if role != "default" and card == cards.card:
        raise DefaultHasNoOtherRole
    return replace(payer, card=cards.card, others=cards.others, backup=cards.backup)


def _with_role(cards: CardsOnFile, card_id: str, role: Role, now_ms: int) -> CardsOnFile:
    if role == "default":
        return cards.made_default(card_id, at_ms=now_ms)
    if role == "backup":
        return cards.made_backup(card_id)
    return cards.made_backup(None) if cards.backup_id == card_id else cards
