"""Start saving a card: what the browser needs to ask for it with Stripe's own fields."""

from chalicelib import clock
from chalicelib.cards import gateway, table
from chalicelib.cards.card_setup import CardSetup
from chalicelib.cards.payer import Payer
from chalicelib.stripe_api.errors import CustomerGone


def start_setup(payer: Payer) -> CardSetup:
    """Create the account's customer if it has none, and a SetupIntent.

    Raises DetailsRefused, CardRefused, StripeUnavailable.
    """
    customer_id = payer.customer_id or _create_customer(payer)
    try:
        return _create_setup(payer, customer_id)
    except CustomerGone:
        table.forget_customer(payer.account_id, payer.stripe_account, customer_id)
        # Created after the old customer was removed: otherwise the removal would be the newer change of the card.
        return _create_setup(payer, _create_customer(payer, instead_of=customer_id))


def _create_setup(payer: Payer, customer_id: str) -> CardSetup:
    return gateway.create_card_setup(payer.account_id, payer.stripe_account, customer_id, clock.now_ms())


def _create_customer(payer: Payer, instead_of: str | None = None) -> str:
    created = gateway.create_customer(payer.account, payer.stripe_account, instead_of=instead_of)
    return table.keep_customer(payer.account_id, payer.stripe_account, created)
