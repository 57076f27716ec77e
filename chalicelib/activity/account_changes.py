"""What a change of an account's row is to a person: its details, its standing, its workspace. Pure."""

from collections.abc import Mapping

from chalicelib.accounts.account import Account, BillingDetails
from chalicelib.activity.entry import FieldChange, Finding, Value, Written, differences


def account_changes(before: Written[Account] | None, after: Written[Account]) -> Finding:
    """Return what changed. To which workspace a client was moved is not said: each side would learn of the other."""
    if before is None:
        return Finding(after.by, (FieldChange("account", None, after.value.name),), after.value.created_at_ms)
    if after.value.forgotten_at_ms:
        # What was removed is not told again.
        return Finding(after.by, (FieldChange("forgotten", after=True),), after.value.forgotten_at_ms)
    found = differences(_fields(before.value), _fields(after.value))
    if before.value.workspace_id == after.value.workspace_id:
        return Finding(after.by, found)
    moved = after.value.former_workspaces[-1].moved_at_ms if after.value.former_workspaces else None
    return Finding(after.by, (FieldChange("workspace_id"), *found), moved)


def _fields(account: Account) -> Mapping[str, Value]:
    details = account.billing_details or BillingDetails()
    return {
        "name": account.name,
        "email": account.email,
        "locale": account.locale,
        "country": account.country,
        "billing_details.name": details.name,
        "billing_details.address": ", ".join(details.address) or None,
        "billing_details.country": details.country,
        "billing_details.tax_id": details.tax_id,
        "billing_details.email": details.email,
        "standing": account.standing,
        "standing_reason": account.standing_reason,
    }
