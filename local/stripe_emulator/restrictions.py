"""What an account may not do, and why (https://docs.stripe.com/connect/handling-api-verification)."""

from __future__ import annotations

import copy
from typing import get_args

import stripe

from local.stripe_emulator import accounts
from local.stripe_emulator.errors import ApiError, Json, invalid
from local.stripe_emulator.work import Work

DISABLED_REASONS: tuple[str, ...] = get_args(
    get_args(stripe.Account.Requirements.__annotations__["disabled_reason"])[0]
)
"""Every `requirements.disabled_reason` of Stripe's published description, from which the library is generated."""
DUE = "company.tax_id"
NO_CHARGES = (
    "Your account cannot currently make live charges. If you are a customer trying to make a purchase, please contact "
    "the owner of this site. Your transaction has not been processed."
)
NO_CHARGES_THERE = (
    "This Connect account cannot currently make live charges. The `requirements.disabled_reason` property on the "
    "account will provide information about why this account is currently disabled. If you are a customer trying to "
    "make a purchase, please contact the owner of this site. Your transaction has not been processed."
)


def refusal(work: Work) -> ApiError | None:
    """Return the refusal of a charge, if the account may not charge."""
    if accounts.retrieve_own(work, {})["charges_enabled"]:
        return None
    return invalid(NO_CHARGES_THERE if work.connected else NO_CHARGES)


def disable(work: Work, account: Json, reason: str, *, submitted: bool = False) -> Json:
    """Disable an account for one of Stripe's reasons; its owner may just have `submitted` what Stripe asks for."""
    if reason not in DISABLED_REASONS:
        known = ", ".join(DISABLED_REASONS)
        raise invalid(f"Unknown disabled_reason: {reason}. There are: {known}.", param="disabled_reason")
    before = copy.deepcopy(account)
    account |= {"charges_enabled": False, "payouts_enabled": False}
    account["details_submitted"] = submitted or account["details_submitted"]
    account["capabilities"] = dict.fromkeys(account["capabilities"], "inactive")
    account["requirements"] |= {
        "currently_due": [DUE] if reason == "requirements.past_due" else [],
        "disabled_reason": reason,
        "past_due": [DUE] if reason == "requirements.past_due" else [],
        "pending_verification": [DUE] if reason == "requirements.pending_verification" else [],
    }
    return accounts.changed(work, account, before)


def enable(work: Work, account: Json) -> Json:
    """Let an account charge: Stripe knows all of it that it needs."""
    before = copy.deepcopy(account)
    account |= {"charges_enabled": True, "details_submitted": True, "payouts_enabled": True}
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
    account["requirements"] |= {
        "currently_due": [],
        "disabled_reason": None,
        "past_due": [],
        "pending_verification": [],
    }
    return accounts.changed(work, account, before)
