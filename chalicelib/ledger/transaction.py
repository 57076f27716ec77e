"""Entries (what is posted) and transactions (what was posted): values only."""

import base64
import binascii
from typing import Final, Literal

import msgspec

from chalicelib.errors import Refusal

CREDIT: Final = "credit"
DEBIT: Final = "debit"

type_of_movement = Literal["credit", "debit"]


class UnknownTransaction(Refusal):
    """No such transaction in this wallet."""

    status = 404
    type = "transaction-not-found"
    title = "No such transaction"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One credit or debit to be posted.

    `amount_micros` is never negative: `type` tells the direction. `quantity_micros` counts millionths of the meter's
    unit. `source` and `event_id` name what caused it (a usage event, a payment), `occurred_at_ms` when that was.
    """

    occurred_at_ms: int
    source: str
    event_id: str
    type: type_of_movement
    kind: str
    amount_micros: int
    description: str = ""
    meter: str | None = None
    quantity_micros: int | None = None
    unit_price_micros: int | None = None
    url: str | None = None
    payment_id: str | None = None
    actor: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """Return what names the entry within a wallet; with its time it identifies it for ever."""
        return self.source, self.event_id

    @property
    def content(self) -> tuple[object, ...]:
        """Return what was sent, for comparison with a repeat: the price that a quantity was given is not part of it."""
        amount = self.amount_micros if self.quantity_micros is None else None
        return (
            *(self.occurred_at_ms, self.type, self.kind, self.meter, self.quantity_micros, amount),
            *(self.url, self.description, self.payment_id, self.metadata),
        )

    @property
    def signed_micros(self) -> int:
        """Return what the entry adds to the balance."""
        return self.amount_micros if self.type == CREDIT else -self.amount_micros


class Transaction(msgspec.Struct, frozen=True):
    """A posted entry with its place in the wallet. `id` is opaque to users and leads straight to its page."""

    id: str
    account_id: str
    currency: str
    sequence: int
    balance_after_micros: int
    posted_at_ms: int
    entry: Entry


class Location(msgspec.Struct, frozen=True):
    """Where a transaction is: its page's latest time and first sequence (they make its key), and its place in it."""

    latest_ms: int
    first_sequence: int
    position: int


PREFIX: Final = "txn_"
WIDTHS: Final = (6, 6, 3)
"""Bytes for each part of a location: 15 in all, exactly 24 characters of base32; the time lasts 8,900 years."""


def id_of(location: Location) -> str:
    """Write a location as a transaction id."""
    parts = (location.latest_ms, location.first_sequence, location.position)
    packed = b"".join(part.to_bytes(width, "big") for part, width in zip(parts, WIDTHS, strict=True))
    return PREFIX + base64.b32encode(packed).decode().lower()


def location_of(transaction_id: str) -> Location:
    """Read a transaction id back. Raises UnknownTransaction for a text that cannot be one."""
    try:
        if not transaction_id.startswith(PREFIX):
            raise ValueError
        packed = base64.b32decode(transaction_id.removeprefix(PREFIX).upper(), casefold=False)
        if len(packed) != sum(WIDTHS) or transaction_id != transaction_id.lower():
            raise ValueError
    except (ValueError, binascii.Error):
        raise UnknownTransaction(f"{transaction_id[:60]!r} is not a transaction of this account") from None
    return Location(
        latest_ms=int.from_bytes(packed[:6], "big"),
        first_sequence=int.from_bytes(packed[6:12], "big"),
        position=int.from_bytes(packed[12:], "big"),
    )
