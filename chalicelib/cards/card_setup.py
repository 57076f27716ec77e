"""What Stripe says about saving a card: values only. Pure."""

from typing import Final

import msgspec

from chalicelib.accounts.actor import OPERATOR, is_of_platform
from chalicelib.cards.card import Card
from chalicelib.stripe_api.stripe_account import StripeAccount

MOST_CHARACTERS: Final = 500
"""Of a value of metadata: https://docs.stripe.com/metadata."""


class CardSetupRequest(msgspec.Struct, frozen=True):
    """Who wants to save a card for an account, and when. It `adds` one, or replaces the default."""

    account_id: str
    requested_at_ms: int
    adds: bool = False
    actor: str | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """Return what its SetupIntent carries. A workspace sees that in its own Stripe account: no operator's name."""
        found = {"account_id": self.account_id, "requested_at_ms": str(self.requested_at_ms)}
        if self.adds:
            found["adds"] = "yes"
        if self.actor:
            found["actor"] = OPERATOR if is_of_platform(self.actor) else self.actor[:MOST_CHARACTERS]
        return found


class CardSetup(msgspec.Struct, frozen=True):
    """A new SetupIntent: what the browser needs to ask for a card with Stripe's own fields."""

    setup_intent_id: str
    client_secret: str
    stripe_account: StripeAccount


class SavedCard(msgspec.Struct, frozen=True):
    """A card saved at Stripe. `customer_id` is None once it is detached; `account_id` is that of the customer."""

    payment_method_id: str
    customer_id: str | None
    account_id: str | None
    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int
    fingerprint: str
    wallet: str | None

    def to_card(self, set_up_at_ms: int) -> Card:
        """Return the card as it is kept on file: what people know it by, and its fingerprint."""
        return Card(
            payment_method_id=self.payment_method_id,
            brand=self.brand,
            last_four=self.last_four,
            expiry_month=self.expiry_month,
            expiry_year=self.expiry_year,
            fingerprint=self.fingerprint,
            set_up_at_ms=set_up_at_ms,
            wallet=self.wallet,
        )


class CardSetupState(msgspec.Struct, frozen=True):
    """A SetupIntent as it is now. `card` is set if it has succeeded."""

    setup_intent_id: str
    client_secret: str
    status: str
    customer_id: str | None
    metadata: dict[str, str]
    card: SavedCard | None

    @property
    def adds(self) -> bool:
        """Tell whether its card is one more, and replaces none."""
        return self.metadata.get("adds") == "yes"
