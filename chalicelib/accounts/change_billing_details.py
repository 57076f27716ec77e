"""Change whom an account's invoices are made out to. Nothing else in the account changes, so its owner may do it."""

from msgspec.structs import replace

from chalicelib.accounts import table
from chalicelib.accounts.account import Account, AccountBusy, BillingDetails
from chalicelib.accounts.create_or_change import ATTEMPTS
from chalicelib.backoff import attempts
from chalicelib.errors import Refusal


class BillingDetailsChanged(Refusal):
    """The billing details were changed after they were read. That change is kept."""

    status = 409
    type = "billing-details-changed"
    title = "The billing details were changed meanwhile"


def change_billing_details(account: Account, details: BillingDetails, *, actor: str | None = None) -> None:
    """Store billing details for an account that was read. Invoices issued from now on show them.

    Raises BillingDetailsChanged, AccountNotFound for an account that was moved meanwhile, AccountBusy.
    """
    for attempt in attempts(ATTEMPTS):
        current = table.get_again(account) if attempt else account
        if current.billing_details != account.billing_details:
            raise BillingDetailsChanged("look at the billing details again, and send them once more")
        changed = replace(current, billing_details=details if details != BillingDetails() else None)
        if table.change(changed, by=actor):
            return
    raise AccountBusy(account_id=account.account_id)
