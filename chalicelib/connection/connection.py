"""Whose Stripe account an account's customer, card and payments are on."""

from chalicelib.accounts.account import Account
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount


def connection_of(account: Account) -> StripeAccount:  # noqa: ARG001 - no account has a connected Stripe account yet
    """Return the Stripe account on which an account pays from now on."""
    return PLATFORM
