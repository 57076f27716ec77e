"""The card on file. Pure."""

import msgspec


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


class CustomerCard(msgspec.Struct, frozen=True):
    """The customer and the card that an account has at a Stripe account."""

    customer_id: str | None = None
    card: Card | None = None


def is_card_changed(before: CustomerCard | None, after: CustomerCard | None) -> bool:
    """Tell whether an account has another card, or another customer at Stripe, than before."""
    return (before or CustomerCard()) != (after or CustomerCard())
