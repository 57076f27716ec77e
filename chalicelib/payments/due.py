"""When to check a payment that is not final, and where it is in the index until then. Pure."""

from typing import Final

from chalicelib.clock import iso
from chalicelib.due import shard_of
from chalicelib.payments.payment import DAY_MS, Payment

FIRST_CHECK_MS: Final = 3 * 60 * 1000
LONGEST_CHECK_MS: Final = 60 * 60 * 1000

CLOSED_FOR_DAYS: Final = 256
"""How long what was closed at a break is looked at: as long as a dispute may move. Stripe is only asked about it once
the account is connected again."""

LATE: Final = "late"
PARKED: Final = "parked"
"""Further partitions of the same index: late money to be decided on, and money that waits for a person. Both are rare:
one partition each is enough."""


def check_at_ms(payment: Payment) -> int:
    """Return when the sweeper should check it: 3 minutes after its last change, then ever later, up to an hour."""
    return payment.updated_at_ms + min(LONGEST_CHECK_MS, FIRST_CHECK_MS << min(payment.checks, 10))


def look_at_closed_ms(closed_at_ms: int, looked_at_ms: int, every_ms: int) -> int | None:
    """Return when to look again at something that was closed at a break; None when that was too long ago."""
    next_ms = looked_at_ms + every_ms
    return next_ms if next_ms <= closed_at_ms + CLOSED_FOR_DAYS * DAY_MS else None


def place_of(payment: Payment) -> tuple[str | None, str | None]:
    """Return the partition of a payment in the index, and its sort key there; None for one that is not checked."""
    if payment.is_parked:
        return PARKED, iso(payment.state_at_ms)
    if payment.closed_at_break_ms is not None:
        look_ms = look_at_closed_ms(payment.closed_at_break_ms, payment.updated_at_ms, LONGEST_CHECK_MS)
        return (None, None) if look_ms is None else (shard_of(payment.payment_id), iso(look_ms))
    if payment.is_final:
        return None, None
    if payment.late == "undecided":
        return LATE, iso(payment.state_at_ms)
    return shard_of(payment.payment_id), iso(check_at_ms(payment))
