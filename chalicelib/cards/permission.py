"""Check the caller's right on an account, which is read in one call with the card that it pays with."""

from typing import Any

from chalicelib.accounts.permission import Permission, Right, check_permission
from chalicelib.cards import table
from chalicelib.cards.payer import Payer
from chalicelib.web import Call


class PayerPermission(Permission, frozen=True):
    """A permission with the account's customer and card."""

    payer: Payer


def allow_payer(call: Call[Any, Any], account_id: str, right: Right) -> PayerPermission:
    """Check that the caller has a right on an account, and return the payer. Raises what `allow` raises."""
    payer = table.get_payer(account_id)
    check_permission(call.caller, payer.account, right)
    if call.caller.account_id != account_id:
        payer = payer.seen_by_workspace()
    return PayerPermission(call.caller, payer.account, payer)
