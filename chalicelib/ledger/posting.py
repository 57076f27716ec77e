"""Postings: one event with all that it does to wallets. A posting is new, a repeat, a conflict or refused as a whole.

Values only. Pure.
"""

from typing import Final, Literal

import msgspec

CREDIT: Final = "credit"
DEBIT: Final = "debit"

Direction = Literal["credit", "debit"]


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What names an event for ever: who sent it, its id there, and when it happened (milliseconds since 1970).

    Within five minutes an id of one source is expected once: the same one at another time then is a conflict.
    """

    occurred_at_ms: int
    source: str
    event_id: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what the event is looked up by among those of about the same time."""
        return self.source, self.event_id


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a receipt as it was sent: a quantity (millionths of the meter's unit), or an amount in micros."""

    meter: str
    quantity_micros: int | None = None
    amount_micros: int | None = None
    description: str = ""


class Content(msgspec.Struct, frozen=True, gc=False):
    """What was sent, beside identity and time: two postings of one identity are the same if it is equal.

    What the event was priced at is no part of it. `amount_micros` is the amount that was sent, where no quantity was:
    of a payment, of an adjustment, of usage that its producer prices. `parts` are those of a receipt, in their order.
    """

    kind: str
    description: str = ""
    meter: str | None = None
    quantity_micros: int | None = None
    amount_micros: int | None = None
    url: str | None = None
    payment_id: str | None = None
    metadata: dict[str, str] | None = None
    parts: tuple[Part, ...] = ()


class Line(msgspec.Struct, frozen=True, gc=False):
    """One priced part of a transaction. `quantity_micros` counts millionths of the meter's unit."""

    meter: str
    amount_micros: int
    quantity_micros: int | None = None
    unit_price_micros: int | None = None
    description: str = ""


class Leg(msgspec.Struct, frozen=True, gc=False):
    """What a posting does to one wallet.

    `amount_micros` is never negative: `type` tells the direction. Where there are `lines`, it is their sum; they stand
    for the content's parts, one for one.
    """

    account_id: str
    type: Direction
    amount_micros: int
    unit_price_micros: int | None = None
    lines: tuple[Line, ...] = ()

    @property
    def signed_micros(self) -> int:
        """Return what the leg adds to the balance."""
        return self.amount_micros if self.type == CREDIT else -self.amount_micros


class Posting(msgspec.Struct, frozen=True, gc=False):
    """One event with its legs: one, or two in different wallets. `actor` is who did it, where a person did."""

    identity: Identity
    content: Content
    legs: tuple[Leg, ...]
    actor: str | None = None


def one_leg(  # noqa: PLR0913 - all keywords, most left out
    account_id: str,
    *,
    type: Direction,
    kind: str,
    amount_micros: int,
    source: str,
    event_id: str,
    occurred_at_ms: int,
    description: str = "",
    payment_id: str | None = None,
    actor: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Posting:
    """Return the posting of an amount that moves one wallet: a payment, a refund, an adjustment."""
    return Posting(
        Identity(occurred_at_ms, source, event_id),
        Content(
            kind, description, amount_micros=amount_micros, payment_id=payment_id, metadata=metadata
        ),
        (Leg(account_id, type, amount_micros),),
        actor,
    )
