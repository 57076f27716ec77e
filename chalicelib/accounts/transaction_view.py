"""How a transaction looks outside."""

import msgspec

from chalicelib.clock import iso
from chalicelib.ledger.posting import Line
from chalicelib.ledger.transaction import Transaction
from chalicelib.money import format_amount, format_micros


class LineView(msgspec.Struct):
    """One priced part of a receipt. `quantity` is None where the producer gave the amount."""

    meter: str
    quantity: str | None
    unit_price: str | None
    amount: str
    description: str


class SiblingView(msgspec.Struct):
    """The other transaction of the same event, in another account's wallet."""

    account_id: str
    transaction_id: str


class TransactionView(msgspec.Struct):
    """A credit or a debit. `amount` is positive, `type` tells its direction; `balance_after` may be negative.

    A receipt has `lines`, of which `amount` is the sum. `sibling` is told to those who may see the other account.
    """

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
    lines: list[LineView]
    sibling: SiblingView | None


class TransactionList(msgspec.Struct):
    """Transactions, newest first. A narrow filter may give fewer than asked for with a cursor to go on from."""

    data: list[TransactionView]
    next_cursor: str | None


def view(transaction: Transaction, *, show_sibling: bool = False) -> TransactionView:
    """Present a transaction."""
    identity, content, leg = transaction.identity, transaction.content, transaction.leg
    currency, sibling = transaction.currency, transaction.sibling
    return TransactionView(
        id=transaction.id,
        type=leg.type,
        kind=content.kind,
        amount=format_amount(leg.amount_micros, currency),
        currency=currency,
        balance_after=format_amount(transaction.balance_after_micros, currency),
        sequence=transaction.sequence,
        occurred_at=iso(identity.occurred_at_ms),
        posted_at=iso(transaction.posted_at_ms),
        source=identity.source,
        event_id=identity.event_id,
        description=content.description,
        meter=content.meter,
        quantity=_quantity(content.quantity_micros),
        unit_price=_price(leg.unit_price_micros, currency),
        url=content.url,
        payment_id=content.payment_id,
        actor=transaction.actor,
        metadata=content.metadata,
        lines=[_line(line, currency) for line in leg.lines],
        sibling=SiblingView(sibling.account_id, sibling.transaction_id) if sibling and show_sibling else None,
    )


def _line(line: Line, currency: str) -> LineView:
    return LineView(
        meter=line.meter,
        quantity=_quantity(line.quantity_micros),
        unit_price=_price(line.unit_price_micros, currency),
        amount=format_amount(line.amount_micros, currency),
        description=line.description,
    )


def _quantity(quantity_micros: int | None) -> str | None:
    return None if quantity_micros is None else format_micros(quantity_micros)


def _price(unit_price_micros: int | None, currency: str) -> str | None:
    return None if unit_price_micros is None else format_amount(unit_price_micros, currency)
