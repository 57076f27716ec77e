"""The events of differences that the checks find. Pure: the same record gives exactly the same events."""

from chalicelib.checks.finding import Finding
from chalicelib.clock import iso
from chalicelib.money import format_amount
from chalicelib.notices import detail
from chalicelib.notices.event import Event
from chalicelib.streams import Change


def difference_events(change: Change[Finding]) -> list[Event]:
    """Return the event of a difference that was found, or found again, or resolved. Raises MalformedRecord."""
    before, after = change.before, change.after
    if after is None or (before is not None and before.is_open == after.is_open):
        return []
    if after.resolved_at_ms is None:
        return [_event("difference.found", after, after.found_at_ms)]
    return [] if before is None else [_event("difference.resolved", after, after.resolved_at_ms)]


def _event(name: str, found: Finding, at_ms: int) -> Event:
    account_id = found.owner_id or ""
    return Event(
        name,
        at_ms,
        detail.Difference(
            id=f"{name}:{found.account_id}:{found.finding_id}:{found.found_at_ms}",
            version=detail.VERSION,
            account_id=account_id,
            occurred_at=iso(at_ms),
            kind=found.kind,
            problem=found.problem,
            found_at=iso(found.found_at_ms),
            object_id=found.object_id,
            payment_id=found.payment_id,
            stripe_account=found.stripe_account,
            currency=found.currency,
            at_stripe=_amount(found.stripe_micros, found),
            in_rows=_amount(found.row_micros, found),
            in_ledger=_amount(found.ledger_micros, found),
        ),
    )


def _amount(micros: int | None, found: Finding) -> str | None:
    return None if micros is None or found.currency is None else format_amount(micros, found.currency)
