"""Split amounts to the micro, by the largest remainder. Pure."""

from collections.abc import Sequence

from chalicelib.payments.payment import DAY_MS
from chalicelib.subscriptions.subscription import Terms


def split(amount_micros: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights: each part is within a micro of its exact share, and they add up to the amount.

    What is left after rounding down goes, a micro each, to the parts with the largest remainders; of equal ones to the
    first. Weights are not negative, and one of them is positive.
    """
    sign, amount, total = (-1 if amount_micros < 0 else 1), abs(amount_micros), sum(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % total))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return [sign * part for part in parts]


def days_left(terms: Terms, now_ms: int) -> tuple[int, int]:
    """Return how many days of the period are left, and how many it has in all.

    Days are counted from the period's start, 24 hours each, and one that has begun counts as left: what a change costs
    stays the same for a day, and is the full price on the first.
    """
    days = (terms.period_end_ms - terms.period_start_ms) // DAY_MS
    left = -((now_ms - terms.period_end_ms) // DAY_MS)
    return max(0, min(days, left)), days


def part_of(amount_micros: int, left: int, days: int) -> int:
    """Return the part of what so many days cost that falls to the days that are left, which may be more than those."""
    whole, rest = divmod(left, days)
    part, _used = split(amount_micros, [rest, days - rest])
    return whole * amount_micros + part
