"""How transactions are presented. Pure."""

from decimal import Decimal
from typing import Final, Protocol

import msgspec

from chalicelib.accounts.actor import ShownName
from chalicelib.clock import iso
from chalicelib.ledger.posting import Line
from chalicelib.ledger.transaction import Sibling, Transaction
from chalicelib.money import format_amount, format_micros

DONE_FOR_IT: Final = frozenset({"adjustment", "refund", "settlement", "opening_balance", "imported"})
"""Kinds of transactions that no customer makes in its own wallet."""

DOCUMENTED: Final = frozenset({"refund", "refund_failed"})
"""Kinds of transactions, besides the credit of a payment, for which a document is issued."""


class Viewer(Protocol):
    """Whom a transaction is shown to (`accounts.viewer`)."""

    def may_see_sibling(self, account_id: str) -> bool:
        """Tell whether the other transaction of a posting, in that account's wallet, is shown, too."""

    def name_of(self, actor: str, time_ms: int, *, done_for_it: bool = False) -> ShownName:
        """Return the name to show of somebody who did something to the account at a time."""


class TransactionLineView(msgspec.Struct):
    """One priced part of a receipt. `quantity` is null where the producer gave the amount."""

    meter: str
    quantity: str | None
    unit_price: str | None
    amount: str
    description: str

    @property
    def is_applied(self) -> bool:
        """Tell whether it costs anything: a part may have a price of zero."""
        return Decimal(self.amount) != 0


class SiblingView(msgspec.Struct):
    """The other transaction of the same event, in another account's wallet."""

    account_id: str
    transaction_id: str


class TransactionView(msgspec.Struct):
    """A credit or a debit. `amount` is never negative, `type` gives its direction; `balance_after` may be negative.

    A receipt has `lines`, and `amount` is their sum. `sibling` is the same event's transaction in the wallet of the
    client's workspace, or of the workspace's client; it is shown to the operator and to the workspace. `client_id` is
    the client whose usage a transaction of its workspace is, whether the client pays for it or not.
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
    actor: ShownName | None
    metadata: dict[str, str] | None
    lines: list[TransactionLineView]
    sibling: SiblingView | None
    client_id: str | None

    @property
    def has_document(self) -> bool:
        """Tell whether there is an invoice of it, or a credit note."""
        is_payment = self.type == "credit" and self.event_id == self.payment_id
        return self.payment_id is not None and (is_payment or self.kind in DOCUMENTED)

    @property
    def priced_lines(self) -> list[TransactionLineView]:
        """Return its lines, or itself as the only line."""
        itself = TransactionLineView(self.meter or "", self.quantity, self.unit_price, self.amount, self.description)
        return self.lines or [itself]


class TransactionList(msgspec.Struct):
    """Transactions, newest first. A narrow filter may return fewer than `limit`, with a cursor to continue from."""

    data: list[TransactionView]
    next_cursor: str | None


def view(transaction: Transaction, viewer: Viewer) -> TransactionView:
    """Present a transaction to somebody."""
    identity, content, leg = transaction.identity, transaction.content, transaction.leg
    currency, actor, is_for_it = transaction.currency, transaction.actor, content.kind in DONE_FOR_IT
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
        actor=viewer.name_of(actor, identity.occurred_at_ms, done_for_it=is_for_it) if actor else None,
        metadata=content.metadata,
        lines=[_line(line, currency) for line in leg.lines],
        sibling=_sibling(transaction.sibling, viewer),
        client_id=transaction.client_id,
    )


def _sibling(sibling: Sibling | None, viewer: Viewer) -> SiblingView | None:
    if sibling is None or not viewer.may_see_sibling(sibling.account_id):
        return None
    return SiblingView(sibling.account_id, sibling.transaction_id)


def _line(line: Line, currency: str) -> TransactionLineView:
    return TransactionLineView(
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
