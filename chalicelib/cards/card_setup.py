"""What Stripe says about saving a card: values only. Pure."""

import msgspec

from chalicelib.cards.card import Card
from chalicelib.stripe_api.stripe_account import StripeAccount


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
