"""The door to the index of payments that are to be followed up: they have succeeded, or have changed since."""

from collections.abc import Iterator

from pynamodb.expressions.update import Action

from chalicelib.conflicts import conditional_write
from chalicelib.payments.due import SHARDS
from chalicelib.payments.indexes import FollowUpIndex
from chalicelib.payments.table import PaymentRow


def due(now_ms: int, limit: int) -> Iterator[tuple[str, str, int]]:
    """Yield account, id and time of the payments to be followed by now, at most `limit` a shard, most overdue first."""
    for shard in range(SHARDS):
        due_by_now = FollowUpIndex.follow_up_at_ms <= now_ms
        rows = PaymentRow.follow_up.query(str(shard), due_by_now, limit=limit, page_size=limit)
        yield from [(row.account_id, row.payment_id, int(row.follow_up_at_ms)) for row in rows]


def claim(account_id: str, payment_id: str, due_at_ms: int, *, again_at_ms: int) -> bool:
    """Put a payment that is to be followed off to a later time; False if it has changed since, or others follow it."""
    again: list[Action] = [PaymentRow.follow_up_at_ms.set(again_at_ms)]
    row = PaymentRow(account_id, payment_id)
    return conditional_write(row.update, again, condition=PaymentRow.follow_up_at_ms == due_at_ms)


def done(account_id: str, payment_id: str, *, again_at_ms: int) -> None:
    """Note that everybody has heard of a payment that was put off to a time, unless it has changed since."""
    nothing: list[Action] = [PaymentRow.follow_up_shard.remove(), PaymentRow.follow_up_at_ms.remove()]
    row = PaymentRow(account_id, payment_id)
    conditional_write(row.update, nothing, condition=PaymentRow.follow_up_at_ms == again_at_ms)
