"""Split amounts to the micro, by the largest remainder. Pure."""

from collections.abc import Sequence

from chalicelib.payments.payment import DAY_MS
from chalicelib.subscriptions.subscription import Terms


def split(amount_micros: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights: each part is within a micro of its exact share, and the parts add up to the amount.

    After rounding down, the rest goes, one micro each, to the parts with the largest remainders, and among equal ones
    to the first. Weights are not negative, and at least one is positive.
    """
    sign, amount, total = (-1 if amount_micros < 0 else 1), abs(amount_micros), sum(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % total))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return [sign * part for part in parts]


def days_left(terms: Terms, now_ms: int) -> tuple[int, int]:
    """Return how many days of the period are left, and how many it has.

    Days are counted from the period's start, 24 hours each. A day that has begun counts as left: the cost of a change
    stays the same for a day, and is the full price on the first.
    """
    days = (terms.period_end_ms - terms.period_start_ms) // DAY_MS
    left = -((now_ms - terms.period_end_ms) // DAY_MS)
    return max(0, min(days, left)), days


def prorate(amount_micros: int, left: int, days: int) -> int:
    """Return the price of `left` days if `days` days cost the amount. `left` may be larger than `days`."""
    whole, rest = divmod(left, days)
    part, _used = split(amount_micros, [rest, days - rest])
    return whole * amount_micros + part
