"""Start saving a card: what the browser needs to ask for it with Stripe's own fields."""

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.cards import gateway, table
from chalicelib.cards.card import MOST_CARDS
from chalicelib.cards.card_setup import CardSetup, CardSetupRequest
from chalicelib.cards.payer import Payer
from chalicelib.connection.check_connection import is_access_lost
from chalicelib.errors import Refusal
from chalicelib.stripe_api.errors import AccessGone, CustomerGone
from chalicelib.stripe_api.stripe_account import StripeAccount


class TooManyCards(Refusal):
    """As many cards are on file as an account may have."""

    status = 409
    type = "too-many-cards"
    title = "There are too many cards on file"

    def __init__(self) -> None:
        super().__init__(f"an account has at most {MOST_CARDS} cards; remove one first")


def start_setup(payer: Payer, *, adds: bool = False, actor: str | None = None) -> CardSetup:
    """Create the account's customer if it has none, and a SetupIntent. Its card is one more, or replaces the default.

    Raises TooManyCards, WorkspaceNotConnected, DetailsRefused, CardRefused, StripeUnavailable.
    """
    stripe_account = payer.require_connected()
    if adds and len(payer.cards) >= MOST_CARDS:
        raise TooManyCards
    try:
        return _start_on(payer, stripe_account, adds=adds, actor=actor)
    except AccessGone:
        # Stripe's event of a disconnection may be lost: the customer is told whom to ask.
        if is_access_lost(stripe_account.id):
            table.get_payer(payer.account_id).require_connected()
        raise


def _start_on(payer: Payer, stripe_account: StripeAccount, *, adds: bool, actor: str | None) -> CardSetup:
    asked = CardSetupRequest(payer.account_id, clock.now_ms(), adds, actor)
    customer_id = payer.customer_id or _create_customer(payer, stripe_account)
    try:
        return gateway.create_card_setup(asked, stripe_account, customer_id)
    except CustomerGone:
        table.forget_customer(payer.account_id, stripe_account, customer_id)
        # Created after the old customer was removed: otherwise the removal would be the newer change of the card.
        created = _create_customer(payer, stripe_account, instead_of=customer_id)
        asked = replace(asked, requested_at_ms=clock.now_ms())
        return gateway.create_card_setup(asked, stripe_account, created)


def _create_customer(payer: Payer, stripe_account: StripeAccount, instead_of: str | None = None) -> str:
    created = gateway.create_customer(payer.account, stripe_account, instead_of=instead_of)
    return table.keep_customer(payer.account_id, stripe_account, created)
