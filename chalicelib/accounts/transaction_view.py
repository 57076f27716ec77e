"""How a transaction looks outside."""

import msgspec

from chalicelib.clock import iso
from chalicelib.ledger.transaction import Transaction
from chalicelib.money import format_amount, format_micros


class TransactionView(msgspec.Struct):
    """A credit or a debit. `amount` is positive, `type` tells its direction; `balance_after` may be negative."""

    id: str
    type: str
    kind: str
    amount: str
    currency: str
    balance_after: str
    sequence: int
    occurred_at: str
    posted_at: str
    source: str
    event_id: str
    description: str
    meter: str | None
    quantity: str | None
    unit_price: str | None
    url: str | None
    payment_id: str | None
    actor: str | None
    metadata: dict[str, str] | None


class TransactionList(msgspec.Struct):
    """Transactions, newest first. A narrow filter may give fewer than asked for with a cursor to go on from."""

    data: list[TransactionView]
    next_cursor: str | None


def view(transaction: Transaction) -> TransactionView:
    """Present a transaction."""
    entry, currency = transaction.entry, transaction.currency
    return TransactionView(
        id=transaction.id,
        type=entry.type,
        kind=entry.kind,
        amount=format_amount(entry.amount_micros, currency),
        currency=currency,
        balance_after=format_amount(transaction.balance_after_micros, currency),
        sequence=transaction.sequence,
        occurred_at=iso(entry.occurred_at_ms),
        posted_at=iso(transaction.posted_at_ms),
        source=entry.source,
        event_id=entry.event_id,
        description=entry.description,
        meter=entry.meter,
        quantity=None if entry.quantity_micros is None else format_micros(entry.quantity_micros),
        unit_price=None if entry.unit_price_micros is None else format_amount(entry.unit_price_micros, currency),
        url=entry.url,
        payment_id=entry.payment_id,
        actor=entry.actor,
        metadata=entry.metadata,
    )
