"""Say whom an account's invoices are made out to: its owner may, for nothing else of the account changes with it."""

from chalicelib.accounts import table
from chalicelib.accounts.account import Account, BillingDetails


def bill_to(account: Account, details: BillingDetails) -> None:
    """Keep the billing details; invoices that are issued from now on carry them."""
    table.change_billing_details(account.account_id, details)
