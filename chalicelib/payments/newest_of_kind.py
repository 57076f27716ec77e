"""Read an account's payments of one kind, newest first, a bounded number of rows at a time. A door to `payments`.

The key begins with the time in the id, which may be older than the payment's place in time (`place`).
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from chalicelib.payments.payment import Kind, Payment
from chalicelib.payments.place import LATEST_MS, first_id, time_in_id
from chalicelib.payments.table import PaymentRow, payment_of
from chalicelib.tables import raw

ROWS: Final = 100
"""Rows that one call reads, of whatever kind."""


class Portion(msgspec.Struct, frozen=True):
    """What one call has found. `unread_ms`: no payment that is still unread stands later; None if there are none."""

    payments: list[Payment]
    unread_ms: int | None


def read_portions(account_id: str, kind: Kind, *, from_ms: int, to_ms: int) -> Iterator[Portion]:
    """Yield the payments of a kind with a place from `from_ms` to `to_ms`, and some around it, newest id first.

    Each portion is one call, strongly consistent. Raises msgspec.ValidationError.
    """
    shared, table_name = raw(PaymentRow)
    span = PaymentRow.payment_id.between(first_id(from_ms - LATEST_MS), first_id(to_ms + 1))
    start_key = None
    while from_ms <= to_ms:  # DynamoDB refuses a span that ends before it begins
        answer = shared.query(
            table_name,
            account_id,
            span,
            PaymentRow.kind == kind,
            consistent_read=True,
            limit=ROWS,
            scan_index_forward=False,
            exclusive_start_key=start_key,
        )
        found = [payment_of(PaymentRow.from_raw_data(item)) for item in answer["Items"]]
        start_key = answer.get("LastEvaluatedKey")
        yield Portion(found, time_in_id(start_key["payment_id"]["S"]) + LATEST_MS if start_key else None)
        if not start_key:
            return
