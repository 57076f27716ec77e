"""What a change of auto-pay is to a person: its settings, and that it was suspended. Pure."""

from collections.abc import Mapping
from typing import Final

from chalicelib.activity.entry import Finding, Value, differences
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.money import format_micros

ACTOR: Final = "auto-pay"
NEVER_SET: Final[Mapping[str, Value]] = {"enabled": False}


def auto_pay_changes(before: AutoPay | None, after: AutoPay) -> Finding:
    """Return what changed. Only a person writes the settings, with their time; the rest auto-pay does itself."""
    is_set = before is None or (before.actor, before.updated_at_ms) != (after.actor, after.updated_at_ms)
    found = differences(_fields(before) if before else NEVER_SET, _fields(after))
    return Finding(after.actor, found, after.updated_at_ms) if is_set else Finding(ACTOR, found)


def _fields(auto_pay: AutoPay) -> Mapping[str, Value]:
    is_set, limit = auto_pay.amount_micros > 0, auto_pay.monthly_limit_micros
    return {
        "enabled": auto_pay.enabled,
        "threshold": format_micros(auto_pay.threshold_micros) if is_set else None,
        "amount": format_micros(auto_pay.amount_micros) if is_set else None,
        "monthly_limit": None if limit is None else format_micros(limit),
        "suspended_reason": auto_pay.suspended_reason or ("dispute" if auto_pay.held_by else None),
    }
