"""Postings: one event with all its effects on wallets. A posting is new, a repeat, a conflict or refused as a whole.

Values only. Pure.
"""

from typing import Final, Literal, TypeVar

import msgspec

CREDIT: Final = "credit"
DEBIT: Final = "debit"

Direction = Literal["credit", "debit"]

EventKey = tuple[str, str, str]
"""The account that an event is about, its source and its id."""


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What identifies an event: its account, its source, its id there, and when it happened (ms since 1970).

    `account_id` is the account that the event is about, whichever wallets it changes.
    """

    account_id: str
    source: str
    event_id: str
    occurred_at_ms: int

    @property
    def key(self) -> EventKey:
        """Return the key by which pages of about the same time are searched for the event."""
        return self.account_id, self.source, self.event_id


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a receipt as it was sent: a quantity (millionths of the meter's unit), or an amount in micros."""

    meter: str
    quantity_micros: int | None = None
    amount_micros: int | None = None
    description: str = ""


class Content(msgspec.Struct, frozen=True, gc=False):
    """What was sent besides the identity. Postings with one identity are the same if their contents are equal.

    The price is not part of the content. `amount_micros` is the amount that was sent instead of a quantity: for a
    payment, an adjustment, or usage that its producer prices. `parts` are the parts of a receipt, in order.
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

    `amount_micros` is never negative; `type` gives the direction. If there are `lines`, the amount is their sum, and
    each of the content's parts has one line.
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
    """One event with its legs: one, or two in different wallets. `actor` names who caused it, if known."""

    identity: Identity
    content: Content
    legs: tuple[Leg, ...]
    actor: str | None = None

    def __post_init__(self) -> None:
        """Check the legs. Raises ValueError."""
        if len(self.legs) != 1 and (len(self.legs) != 2 or self.legs[0].account_id == self.legs[1].account_id):
            raise ValueError("a posting has one leg, or two in different wallets")


PostingT = TypeVar("PostingT", bound=Posting)


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
    """Return the posting of an amount to one wallet: a payment, a refund, an adjustment."""
    return Posting(
        Identity(account_id, source, event_id, occurred_at_ms),
        Content(kind, description, amount_micros=amount_micros, payment_id=payment_id, metadata=metadata),
        (Leg(account_id, type, amount_micros),),
        actor,
    )
