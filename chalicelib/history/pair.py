"""A client's usage as its workspace sees it: one charge that stands in two wallets. Pure.

A client never gets any of this: only a transaction in a wallet that is not the event's own account's has a pair.
"""

from typing import Literal

import msgspec

from chalicelib.ledger.transaction import Sibling, Transaction

Outcome = Literal["earned", "at_cost", "below_cost", "not_charged"]
"""What a charge means for the workspace."""


class Split(msgspec.Struct, frozen=True):
    """What the workspace paid, and what its client paid for the same; None if the client was not charged."""

    cost_micros: int
    price_micros: int | None

    @property
    def margin_micros(self) -> int:
        """Return what the workspace keeps; negative if it bears a part."""
        return (self.price_micros or 0) - self.cost_micros

    @property
    def outcome(self) -> Outcome:
        """Return what the charge means for the workspace."""
        if self.price_micros is None:
            return "not_charged"
        if self.margin_micros == 0:
            return "at_cost"
        return "earned" if self.margin_micros > 0 else "below_cost"


class Pair(msgspec.Struct, frozen=True):
    """Both sides of a client's usage, and of each line if it is a receipt. `other` is the client's transaction."""

    client_id: str
    other: Sibling | None
    whole: Split
    lines: tuple[Split, ...]

    @property
    def priced_lines(self) -> tuple[Split, ...]:
        """Return the splits of its lines, or of itself as the only line."""
        return self.lines or (self.whole,)


def pair_of(transaction: Transaction, other: Transaction | None) -> Pair | None:
    """Return the pair of a workspace's transaction and its client's, if there is one; None if it is not a client's."""
    if transaction.client_id is None:
        return None
    own, paid = transaction.leg, other.leg if other else None
    prices = [line.amount_micros for line in paid.lines] if paid else [None] * len(own.lines)
    return Pair(
        client_id=transaction.client_id,
        other=transaction.sibling,
        whole=Split(own.amount_micros, paid.amount_micros if paid else None),
        lines=tuple(Split(line.amount_micros, price) for line, price in zip(own.lines, prices, strict=True)),
    )
