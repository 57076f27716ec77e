"""The shape of a card and of its setup in answers."""

import msgspec

from chalicelib.cards.card import Card
from chalicelib.cards.card_setup import CardSetup
from chalicelib.cards.choose_card import Role
from chalicelib.cards.payer import Payer
from chalicelib.secrets import secrets


class CardSetupView(msgspec.Struct):
    """What the browser needs for Stripe's Payment Element and `stripe.confirmSetup`."""

    setup_intent_id: str
    client_secret: str
    publishable_key: str
    stripe_account: str | None


class CardView(msgspec.Struct):
    """The card on file. `wallet` is what it was saved through, if anything: `apple_pay`, `google_pay`, `link`."""

    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int
    wallet: str | None


def view_card(card: Card) -> CardView:
    """Present the card on file."""
    return CardView(card.brand, card.last_four, card.expiry_month, card.expiry_year, card.wallet)


def view_card_setup(setup: CardSetup) -> CardSetupView:
    """Present a new card setup."""
    return CardSetupView(
        setup.setup_intent_id, setup.client_secret, secrets().stripe_publishable_key, setup.stripe_account.id
    )


class ListedCardView(CardView):
    """One of the cards on file. Its `id` is for the requests about this card."""

    id: str
    role: Role


class CardListView(msgspec.Struct):
    """The cards on file, the default first; there are so few that the list has one page."""

    data: list[ListedCardView]
    next_cursor: None = None


def view_cards(payer: Payer) -> CardListView:
    """Present the cards on file."""
    return CardListView([_listed(payer, card) for card in payer.cards])


def _listed(payer: Payer, card: Card) -> ListedCardView:
    fields = msgspec.structs.asdict(view_card(card))
    return ListedCardView(**fields, id=card.payment_method_id, role=role_of(payer, card))


def role_of(payer: Payer, card: Card) -> Role:
    """Return what a card is for."""
    if card == payer.card:
        return "default"
    return "backup" if card == payer.backup else "none"
