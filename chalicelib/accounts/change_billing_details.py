"""Change whom an account's invoices are made out to. Nothing else of the account changes, so its owner may do it."""

from msgspec.structs import replace

from chalicelib.accounts import table
from chalicelib.accounts.account import Account, AccountBusy, BillingDetails
from chalicelib.accounts.create_or_change import WRITERS
from chalicelib.backoff import attempts
from chalicelib.errors import Refusal


class BillingDetailsChanged(Refusal):
    """The billing details were changed since they were read, and that change stays."""

    status = 409
    type = "billing-details-changed"
    title = "The billing details were changed meanwhile"


def change_billing_details(account: Account, details: BillingDetails) -> None:
    """Store billing details for an account that was read; invoices issued from now on have them.

    Raises BillingDetailsChanged, AccountBusy.
    """
    for attempt in attempts(WRITERS):
        current = table.get(account.account_id) if attempt else account
        if current.billing_details != account.billing_details:
            raise BillingDetailsChanged("look at the billing details again, and send them once more")
        if table.change(replace(current, billing_details=details if details != BillingDetails() else None)):
            return
    raise AccountBusy(account_id=account.account_id)
