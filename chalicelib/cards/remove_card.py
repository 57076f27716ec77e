"""Take a card off file: because a person asks for it, or because Stripe no longer has it."""

from chalicelib.cards import gateway, table
from chalicelib.cards.payer import Payer
from chalicelib.connection.connection import AT_STRIPE
from chalicelib.stripe_api.stripe_account import StripeAccount


def remove_card(payer: Payer, payment_method_id: str | None = None, *, actor: str | None = None) -> None:
    """Take a card off file, the default if none is named, then detach it at Stripe. Safe to repeat.

    No other card becomes the default. A payment that is not resolved does not prevent this: a person can always remove
    a card. Such a payment ends as Stripe reports it, or fails because there is no card.
    """
    card = payer.find_card(payment_method_id) if payment_method_id else payer.card
    if card is None or payer.stripe_account is None:
        return
    table.remove_card(payer.account_id, payer.stripe_account, card.payment_method_id, by=actor)
    if not _is_on_file(payer.account_id, payer.stripe_account, card.payment_method_id):
        gateway.detach_if_possible(card.payment_method_id, payer.stripe_account)


def detach_unless_on_file(account_id: str, stripe_account: StripeAccount, payment_method_id: str) -> None:
    """Detach a card at Stripe, unless it is on file: what waits to be sent with it is refused then.

    Raises StripeUnavailable, StripeRefused.
    """
    if not _is_on_file(account_id, stripe_account, payment_method_id):
        gateway.detach(payment_method_id, stripe_account)


def _is_on_file(account_id: str, stripe_account: StripeAccount, payment_method_id: str) -> bool:
    return table.find_cards(account_id, stripe_account).find(payment_method_id) is not None


def remove_detached_card(payment_method_id: str, customer_id: str, stripe_account: StripeAccount) -> bool:
    """Take a card off file that was detached at Stripe; tell whether it was on file here. Raises StripeUnavailable."""
    account_id = gateway.account_of_customer(customer_id, stripe_account)
    return account_id is not None and table.remove_card(account_id, stripe_account, payment_method_id, by=AT_STRIPE)
