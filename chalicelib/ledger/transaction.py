"""Transactions: what was posted to one wallet, and the ids that lead to them. Values only. Pure."""

import base64
import binascii
from typing import Final

import msgspec

from chalicelib.clock import LAST_MS
from chalicelib.errors import Refusal
from chalicelib.ledger.posting import Content, Identity, Leg


class UnknownTransaction(Refusal):
    """No such transaction in this wallet."""

    status = 404
    type = "transaction-not-found"
    title = "No such transaction"


class Sibling(msgspec.Struct, frozen=True, gc=False):
    """The other transaction of the same posting, in another account's wallet."""

    account_id: str
    transaction_id: str


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One leg of a posting with its place in the wallet. `id` is opaque to users and contains its location."""

    id: str
    currency: str
    sequence: int
    balance_after_micros: int
    posted_at_ms: int
    identity: Identity
    content: Content
    leg: Leg
    actor: str | None = None
    sibling: Sibling | None = None

    @property
    def account_id(self) -> str:
        """Return the account whose wallet it changed."""
        return self.leg.account_id

    @property
    def client_id(self) -> str | None:
        """Return the client whose usage it is, in its workspace's wallet; None if it is the wallet's own account's."""
        about = self.identity.account_id
        return None if about == self.account_id else about

    @property
    def meters(self) -> tuple[str | None, ...]:
        """Return its own meter and those of its lines."""
        return (self.content.meter, *(line.meter for line in self.leg.lines))


class Location(msgspec.Struct, frozen=True, order=True):
    """Where a transaction is: its page's latest time and first sequence (the page's key), and its position there."""

    latest_ms: int
    first_sequence: int
    position: int


PREFIX: Final = "txn_"
WIDTHS: Final = (6, 6, 3)
"""Bytes of each part of a location: 15 in total, exactly 24 characters of base32. The time covers 8,900 years."""


def id_of(location: Location) -> str:
    """Write a location as a transaction id."""
    return make_id(location.latest_ms, location.first_sequence, location.position)


def make_id(latest_ms: int, first_sequence: int, position: int) -> str:
    """Write the id of the transaction at a position of a page."""
    return unpack_id((latest_ms << 72 | first_sequence << 24 | position).to_bytes(15, "big"))


def pack_id(transaction_id: str) -> bytes:
    """Return the 15 bytes that a transaction id is written from."""
    return base64.b32decode(transaction_id.removeprefix(PREFIX).upper())


def unpack_id(packed: bytes) -> str:
    """Return the transaction id that `pack_id` packed."""
    return PREFIX + base64.b32encode(packed).decode().lower()


def location_of(transaction_id: str) -> Location:
    """Return the location in a transaction id. Raises UnknownTransaction for a text that cannot be an id."""
    try:
        if not transaction_id.startswith(PREFIX):
            raise ValueError
        packed = base64.b32decode(transaction_id.removeprefix(PREFIX).upper(), casefold=False)
        latest_ms = int.from_bytes(packed[:6], "big")
        if len(packed) != sum(WIDTHS) or transaction_id != transaction_id.lower() or latest_ms > LAST_MS:
            raise ValueError
    except (ValueError, binascii.Error):
        raise UnknownTransaction(f"{transaction_id[:60]!r} is not a transaction of this account") from None
    return Location(
        latest_ms=latest_ms,
        first_sequence=int.from_bytes(packed[6:12], "big"),
        position=int.from_bytes(packed[12:], "big"),
    )
