"""Where a payment stands in time, by when it was made and by the time in its id. Pure.

The id of a renewal has the beginning of its period: it may be older than the payment, by `LATEST_MS` at most as far as
places go.
"""

from typing import Final

from chalicelib.payments.payment import DAY_MS, PREFIX, Payment

LATEST_MS: Final = 35 * DAY_MS
"""How much later than the time in its id a payment can stand: dunning, and a renewal that was held for a while."""

TIME_DIGITS: Final = 12


def first_id(moment_ms: int) -> str:
    """Return a text that sorts before the ids of a moment, and after all earlier ones."""
    return f"{PREFIX}{max(0, moment_ms):0{TIME_DIGITS}x}"


def time_in_id(payment_id: str) -> int:
    """Return the time in a payment's id."""
    return int(payment_id[len(PREFIX) :][:TIME_DIGITS], 16)


def placed_ms(payment: Payment) -> int:
    """Return where a payment stands in time: when it was made, or as late as one with its id can stand."""
    return min(payment.created_at_ms, time_in_id(payment.payment_id) + LATEST_MS)
