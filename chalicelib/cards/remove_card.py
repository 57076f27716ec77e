"""Take the card off file: because a person asks for it, or because Stripe no longer has it."""

from chalicelib.cards import gateway, table
from chalicelib.cards.payer import Payer
from chalicelib.stripe_api.stripe_account import StripeAccount


def remove_card(payer: Payer) -> None:
    """Take the card off file, then detach it at Stripe. Without a card nothing happens.

    A payment that is not resolved does not prevent this: a person can always remove a card. Such a payment ends as
    Stripe reports it, or fails because there is no card.
    """
    account_id, stripe_account, card = payer.account_id, payer.stripe_account, payer.card
    while card and stripe_account:
        if table.remove_card(account_id, stripe_account, card.payment_method_id):
            gateway.detach(card.payment_method_id, stripe_account)
            return
        # It was removed and the answer was lost, or another card replaced it: the request is to remove that one, too.
        detach_unless_on_file(account_id, stripe_account, card.payment_method_id)
        card = table.find_card(account_id, stripe_account)


def detach_unless_on_file(account_id: str, stripe_account: StripeAccount, payment_method_id: str) -> None:
    """Detach a card at Stripe, unless it is the one on file."""
    current = table.find_card(account_id, stripe_account)
    if current is None or current.payment_method_id != payment_method_id:
        gateway.detach(payment_method_id, stripe_account)


def remove_detached_card(payment_method_id: str, customer_id: str, stripe_account: StripeAccount) -> bool:
    """Take a card off file that was detached at Stripe; tell whether it was on file here. Raises StripeUnavailable."""
    account_id = gateway.account_of_customer(customer_id, stripe_account)
    return account_id is not None and table.remove_card(account_id, stripe_account, payment_method_id)
