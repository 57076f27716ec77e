"""The last transactions as the first page lists them, in History's order: a day's usage is one row. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from chalicelib.clock import iso
from chalicelib.history.view import TransactionView
from chalicelib.ledger.daily_usage import Days
from chalicelib.money import format_micros
from chalicelib.payments.payment import Payment

ROWS: Final = 5
DAY_CHARACTERS: Final = len("2026-11-23")


class RecentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a transaction with its id, a card payment with its id, or a day's usage with its meters and charges.

    A payment for the subscription is paid by `card`, and neither a credit nor a debit of the wallet.
    """

    type: Literal["credit", "debit", "card"]
    amount: str
    day: str
    kind: str = "usage"
    transaction_id: str | None = None
    payment_id: str | None = None
    occurred_at: str = ""
    has_invoice: bool = False
    meters: tuple[str, ...] = ()
    count: int = 0


def recent_rows(days: Days, singles: Iterable[TransactionView], payments: Iterable[Payment]) -> list[RecentRow]:
    """Return the newest rows. A day's usage stands below all else of the day."""
    rows = [*_usage_rows(days), *(_single_row(each) for each in singles), *_card_rows(payments)]
    return sorted(rows, key=lambda row: (row.day, row.occurred_at), reverse=True)[:ROWS]


def _card_rows(payments: Iterable[Payment]) -> Iterator[RecentRow]:
    for payment in payments:
        if payment.state == "succeeded" and not payment.fills_wallet:
            occurred_at = iso(payment.created_at_ms)
            yield RecentRow(
                type="card",
                amount=format_micros(payment.amount_micros),
                day=occurred_at[:DAY_CHARACTERS],
                kind=payment.kind,
                payment_id=payment.payment_id,
                occurred_at=occurred_at,
                has_invoice=True,
            )


def _usage_rows(days: Days) -> Iterator[RecentRow]:
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
