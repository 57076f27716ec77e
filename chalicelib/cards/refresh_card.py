"""Update a card on file when Stripe says that it changed."""

from chalicelib.cards import gateway, table
from chalicelib.cards.card import CardsOnFile
from chalicelib.connection.connection import AT_STRIPE
from chalicelib.stripe_api.stripe_account import StripeAccount


def refresh_card(payment_method_id: str, stripe_account: StripeAccount) -> bool:
    """Update the card on file to what Stripe has now, such as a new expiry; tell whether the card is on file here.

    Raises StripeUnavailable.
    """
    found = gateway.find_card(payment_method_id, stripe_account)
    if found is None or not found.account_id:
        return False

    def refresh(cards: CardsOnFile) -> CardsOnFile:
        known = cards.find(payment_method_id)
        return cards.refreshed(known, found.to_card(known.set_up_at_ms)) if known else cards

    _, after = table.change(found.account_id, stripe_account, refresh, by=AT_STRIPE)
    return after.find(payment_method_id) is not None
