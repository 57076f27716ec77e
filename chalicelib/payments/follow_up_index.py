"""The door to the index of payments to be followed up: they have succeeded, or have changed since."""

from collections.abc import Iterator

from chalicelib.payments.table import PaymentRow


def due(now_ms: int, limit: int) -> Iterator[tuple[str, str, int]]:
    """Yield account, id and time of the payments to be followed by now, at most `limit` a shard, most overdue first."""
    for row in PaymentRow.follow_up.due_by(now_ms, limit=limit):
        yield row.account_id, row.payment_id, int(row.follow_up_at_ms)


def claim(account_id: str, payment_id: str, due_at_ms: int, *, again_at_ms: int) -> bool:
    """Put a payment that is to be followed off to a later time; False if it has changed since, or others follow it."""
    return PaymentRow.follow_up.claim(account_id, payment_id, due_at=due_at_ms, again_at=again_at_ms)


def done(account_id: str, payment_id: str, *, again_at_ms: int) -> None:
    """Note that everybody has heard of a payment that was put off to a time, unless it has changed since."""
    PaymentRow.follow_up.finish(account_id, payment_id, due_at=again_at_ms)
