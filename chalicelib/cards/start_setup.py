"""Start saving a card: what the browser needs to ask for it with Stripe's own fields."""

from chalicelib import clock
from chalicelib.cards import gateway, table
from chalicelib.cards.card_setup import CardSetup
from chalicelib.cards.payer import Payer
from chalicelib.connection.check_connection import is_access_lost
from chalicelib.stripe_api.errors import AccessGone, CustomerGone
from chalicelib.stripe_api.stripe_account import StripeAccount


def start_setup(payer: Payer) -> CardSetup:
    """Create the account's customer if it has none, and a SetupIntent.

    Raises WorkspaceNotConnected, DetailsRefused, CardRefused, StripeUnavailable.
    """
    stripe_account = payer.require_connected()
    try:
        return _start_on(payer, stripe_account)
    except AccessGone:
        # Stripe's event of a disconnection may be lost: the customer is told whom to ask.
        if is_access_lost(stripe_account.id):
            table.get_payer(payer.account_id).require_connected()
        raise


def _start_on(payer: Payer, stripe_account: StripeAccount) -> CardSetup:
    customer_id = payer.customer_id or _create_customer(payer, stripe_account)
    try:
        return gateway.create_card_setup(payer.account_id, stripe_account, customer_id, clock.now_ms())
    except CustomerGone:
        table.forget_customer(payer.account_id, stripe_account, customer_id)
        # Created after the old customer was removed: otherwise the removal would be the newer change of the card.
        created = _create_customer(payer, stripe_account, instead_of=customer_id)
        return gateway.create_card_setup(payer.account_id, stripe_account, created, clock.now_ms())


def _create_customer(payer: Payer, stripe_account: StripeAccount, instead_of: str | None = None) -> str:
    created = gateway.create_customer(payer.account, stripe_account, instead_of=instead_of)
    return table.keep_customer(payer.account_id, stripe_account, created)
