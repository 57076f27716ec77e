"""The door to the index of payments that are not final, and of those that wait for a person."""

from collections.abc import Iterator

from chalicelib.clock import iso
from chalicelib.payments.due import LATE, PARKED
from chalicelib.payments.indexes import UnresolvedIndex
from chalicelib.payments.table import PaymentRow


def due(now_ms: int, page_size: int) -> Iterator[Iterator[tuple[str, str]]]:
    """Yield for each shard account and id of the payments to be looked at by now, most overdue first, in pages."""
    first = now_ms // 1000  # another shard each time, so that none is always the last one when time runs out
    for rows in PaymentRow.unresolved.due_in_shards(iso(now_ms), page_size=page_size, first=first):
        yield ((row.account_id, row.payment_id) for row in rows)


def late(now_ms: int, limit: int) -> list[tuple[str, str]]:
    """Return account and id of the payments on whose late money is to be decided, longest ago first."""
    rows = PaymentRow.unresolved.query(LATE, UnresolvedIndex.time <= iso(now_ms), limit=limit, page_size=limit)
    return [(row.account_id, row.payment_id) for row in rows]


def parked(limit: int) -> list[tuple[str, str]]:
    """Return account and id of the payments whose money waits for a person, longest ago first."""
    rows = PaymentRow.unresolved.query(PARKED, limit=limit, page_size=limit)
    return [(row.account_id, row.payment_id) for row in rows]


def count_parked(limit: int) -> int:
    """Count the payments whose money waits for a person, up to a limit."""
    return PaymentRow.unresolved.count(PARKED, limit=limit)
