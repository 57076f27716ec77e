"""The door to Stripe for customers as a whole: find, mark as an account's, delete. Cards are `chalicelib.cards`'."""

from collections.abc import Mapping
from typing import Any

from chalicelib.stripe_api.client import ask, or_none
from chalicelib.stripe_api.deployment import metadata
from chalicelib.stripe_api.stripe_account import StripeAccount


def find_customer(customer_id: str, stripe_account: StripeAccount) -> Mapping[str, Any] | None:
    """Return a customer as it is at Stripe; None if there is none, or none any more. Raises StripeUnavailable."""
    found = or_none("find_customer", stripe_account, lambda v1: v1.customers.retrieve(customer_id).to_dict())
    return None if found is None or found.get("deleted") else found


def mark_customer(customer_id: str, stripe_account: StripeAccount, account_id: str) -> None:
    """Mark a customer as an account's, by which Stripe's events find the account.

    Raises StripeUnavailable, StripeRefused.
    """
    ids = metadata(account_id=account_id)
    ask("mark_customer", stripe_account, lambda v1: v1.customers.update(customer_id, {"metadata": ids}))


def delete_customer(customer_id: str, stripe_account: StripeAccount) -> None:
    """Delete a customer with its cards; nothing is done for one that is not there any more.

    Raises StripeUnavailable, StripeRefused.
    """
    or_none("delete_customer", stripe_account, lambda v1: v1.customers.delete(customer_id).to_dict())
