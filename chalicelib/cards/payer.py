"""Who pays: an account with its customer and its card on file. Pure."""

import msgspec
from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.cards.card import Card
from chalicelib.connection.connection import Unconnected
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.stripe_api.stripe_account import StripeAccount


class Payer(msgspec.Struct, frozen=True):
    """An account with its customer and its cards on the Stripe account that it pays on: `card` is the default.

    `customer_id` is None until a card is saved for the first time, and once the customer was deleted at Stripe. A
    client whose workspace has no working connection has `unconnected`: its card is not charged, and without any
    Stripe account it has none. `card_needed_again`: there is no card, and there was one on an earlier Stripe account.
    """

    account: Account
    stripe_account: StripeAccount | None
    customer_id: str | None = None
    card: Card | None = None
    unconnected: Unconnected | None = None
    card_needed_again: bool = False
    others: tuple[Card, ...] = ()
    backup: Card | None = None

    @property
    def account_id(self) -> str:
        """Return the account's id."""
        return self.account.account_id

    @property
    def chargeable_card(self) -> Card | None:
        """Return the card on file, if it can be charged: without its customer it cannot."""
        return self.card if self.customer_id and self.unconnected is None else None

    @property
    def chargeable_backup(self) -> Card | None:
        """Return the backup, if it can be charged when the default is declined: if it is not the same card."""
        default, backup = self.chargeable_card, self.backup
        return backup if default and backup and not default.is_same_as(backup) else None

    @property
    def cards(self) -> tuple[Card, ...]:
        """Return every card, the default first."""
        return (*((self.card,) if self.card else ()), *self.others)

    @property
    def cards_unknown(self) -> bool:
        """Tell whether nobody knows at the moment if it has cards: rows cannot be read."""
        return self.unconnected is not None and self.unconnected.cards_unknown

    def paying_with(self, card: Card) -> "Payer":
        """Return it with this card to charge, whatever its role."""
        return replace(self, card=card)

    @property
    def charged_cards(self) -> tuple[Card, ...]:
        """Return the cards that automatic payments charge: the default first, then the backup."""
        return tuple(each for each in (self.chargeable_card, self.chargeable_backup) if each)

    def find_card(self, payment_method_id: str) -> Card | None:
        """Return a card by its id."""
        return next((each for each in self.cards if each.payment_method_id == payment_method_id), None)

    @property
    def waits_for_connection(self) -> bool:
        """Tell whether nothing is charged by itself, nor counts as failed, until its workspace's connection works."""
        return self.unconnected is not None

    def require_connected(self) -> StripeAccount:
        """Return the Stripe account that it pays on. Raises WorkspaceNotConnected."""
        if self.unconnected:
            raise WorkspaceNotConnected(self.unconnected)
        if self.stripe_account is None:
            raise ValueError(f"{self.account_id} pays on no Stripe account, and nothing says why")
        return self.stripe_account

    def seen_by_workspace(self) -> "Payer":
        """Return it for a caller who may know why the workspace's connection does not work."""
        unconnected = self.unconnected and replace(self.unconnected, for_workspace=True)
        return replace(self, unconnected=unconnected)
