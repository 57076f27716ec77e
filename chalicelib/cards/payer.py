"""Who pays: an account with its customer and its card on file. Pure."""

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.cards.card import Card
from chalicelib.stripe_api.stripe_account import StripeAccount


class Payer(msgspec.Struct, frozen=True):
    """An account with its customer and its card on the Stripe account that it pays on.

    `customer_id` is None until a card is saved for the first time, and once the customer was deleted at Stripe.
    """

    account: Account
    stripe_account: StripeAccount
    customer_id: str | None = None
    card: Card | None = None

    @property
    def account_id(self) -> str:
        """Return the account's id."""
        return self.account.account_id

    @property
    def chargeable_card(self) -> Card | None:
        """Return the card on file, if it can be charged: without its customer it cannot."""
        return self.card if self.customer_id else None
