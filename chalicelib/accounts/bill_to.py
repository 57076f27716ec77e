"""Say whom an account's invoices are made out to: its owner may, for nothing else of the account changes with it."""

from msgspec.structs import replace

from chalicelib.accounts import table
from chalicelib.accounts.account import Account, AccountBusy, BillingDetails
from chalicelib.accounts.put import WRITERS
from chalicelib.conflicts import attempts
from chalicelib.errors import Refusal


class BillingDetailsChanged(Refusal):
    """Somebody else has written them since they were read; what they wrote stays."""

    status = 409
    type = "billing-details-changed"
    title = "The billing details were changed meanwhile"


def bill_to(account: Account, details: BillingDetails) -> None:
    """Keep the billing details of an account that was read; invoices that are issued from now on carry them.

    Raises BillingDetailsChanged, AccountBusy.
    """
    for attempt in attempts(WRITERS):
        current = table.get(account.account_id) if attempt else account
        if current.billing_details != account.billing_details:
            raise BillingDetailsChanged("look at the billing details again, and send them once more")
        if table.change(replace(current, billing_details=details if details != BillingDetails() else None)):
            return
    raise AccountBusy(account_id=account.account_id)
