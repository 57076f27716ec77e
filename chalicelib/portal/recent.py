"""The last transactions as the first page lists them: credits and other single ones, and a day's usage as one. Pure."""

from collections.abc import Iterable
from typing import Final

import msgspec

from chalicelib.history.view import TransactionView
from chalicelib.ledger.daily_usage import Days
from chalicelib.ledger.posting import Direction
from chalicelib.money import format_micros

ROWS: Final = 5
DAY_CHARACTERS: Final = len("2026-11-23")


class RecentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a transaction with its id, or a day's usage with its meters and how many charges it has."""

    type: Direction
    amount: str
    day: str
    kind: str = "usage"
    transaction_id: str | None = None
    occurred_at: str = ""
    has_invoice: bool = False
    meters: tuple[str, ...] = ()
    count: int = 0


def recent_rows(days: Days, singles: Iterable[TransactionView]) -> list[RecentRow]:
    """Return the newest rows. A day's usage goes on until the day ends, so it stands above what was single that day."""
    rows = [*_usage_rows(days), *(_single_row(each) for each in singles)]
    newest_first = sorted(rows, key=lambda row: (row.day, row.kind == "usage", row.occurred_at), reverse=True)
    return newest_first[:ROWS]


def _usage_rows(days: Days) -> Iterable[RecentRow]:
    for day, meters in days.items():
        used = [meter for meter, usage in meters.items() if usage.amount_micros]
        total_micros = sum(usage.amount_micros for usage in meters.values())
        if total_micros:
            count = sum(meters[meter].count for meter in used)
            yield RecentRow(type="debit", amount=format_micros(total_micros), day=day, meters=tuple(used), count=count)


def _single_row(single: TransactionView) -> RecentRow:
    is_payment = single.type == "credit" and single.event_id == single.payment_id
    return RecentRow(
        type="credit" if single.type == "credit" else "debit",
        amount=single.amount,
        day=single.occurred_at[:DAY_CHARACTERS],
        kind=single.kind,
        transaction_id=single.id,
        occurred_at=single.occurred_at,
        has_invoice=single.payment_id is not None and (is_payment or single.kind == "refund"),
    )
