"""Update the card on file when Stripe says that it changed."""

from chalicelib.cards import gateway, table
from chalicelib.stripe_api.stripe_account import StripeAccount


def refresh_card(payment_method_id: str, stripe_account: StripeAccount) -> bool:
    """Update the card on file to what Stripe has now, such as a new expiry; tell whether the card is on file here.

    Raises StripeUnavailable.
    """
    found = gateway.find_card(payment_method_id, stripe_account)
    if found is None or not found.account_id:
        return False
    on_file = table.find_card(found.account_id, stripe_account)
    if on_file is None or on_file.payment_method_id != payment_method_id:
        return False
    card = found.to_card(on_file.set_up_at_ms)
    return card == on_file or table.put_card(found.account_id, stripe_account, card)
