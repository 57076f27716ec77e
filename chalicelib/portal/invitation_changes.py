"""What a change of an invitation is to a person: it was sent, it was opened. Pure."""

from chalicelib.activity.entry import FieldChange, Finding
from chalicelib.portal.invitation import Invitation


def invitation_changes(before: Invitation | None, after: Invitation) -> Finding | None:
    """Return what changed. Who opens one acts under the address that it went to."""
    if before is None:
        return Finding(after.actor, (FieldChange("sent_to", None, after.sent_to),), after.created_at_ms)
    if before.opened_at_ms is None and after.opened_at_ms is not None:
        return Finding(after.sent_to, (FieldChange("opened", None, after.sent_to),), after.opened_at_ms)
    return None
