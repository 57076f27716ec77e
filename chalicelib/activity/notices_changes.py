"""What a change of the choice of mails is to a person. Pure."""

from collections.abc import Mapping

from msgspec.structs import asdict

from chalicelib.activity.entry import Finding, Value, Written, differences
from chalicelib.money import format_micros
from chalicelib.notices.choice import Choice


def notices_changes(before: Written[Choice] | None, after: Written[Choice]) -> Finding:
    """Return what changed, for the first time from the default."""
    was = before.value if before else Choice()
    return Finding(after.by, differences(_fields(was), _fields(after.value)))


def _fields(choice: Choice) -> Mapping[str, Value]:
    low = choice.low_balance_micros
    return {
        "recipients": ", ".join(choice.recipients or []) or None,
        "low_balance_threshold": None if low is None else format_micros(low),
        **{f"mails.{kind}": is_on for kind, is_on in asdict(choice.mails).items()},
    }
