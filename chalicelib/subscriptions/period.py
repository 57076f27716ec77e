"""Periods by anchor: 31 January, 28 February, 31 March. Pure; all in UTC."""

from dateutil.relativedelta import relativedelta
from msgspec.structs import replace

from chalicelib.clock import from_ms, to_ms
from chalicelib.subscriptions.subscription import Contents, Prices, Terms


def months_after(anchor_ms: int, months: int) -> int:
    """Return the moment that many months after the anchor: on the anchor's day, or the last day of a shorter month.

    It is counted from the anchor each time, so a short month does not shorten later periods.
    """
    return to_ms(from_ms(anchor_ms) + relativedelta(months=months))


def first_period(contents: Contents, prices: Prices, start_ms: int, months: int) -> Terms:
    """Return the terms of a first period, which begins at its anchor."""
    return Terms(
        contents=contents,
        prices=prices,
        anchor_ms=start_ms,
        elapsed_months=months,
        period_start_ms=start_ms,
        period_end_ms=months_after(start_ms, months),
    )


def trial_period(contents: Contents, prices: Prices, start_ms: int, end_ms: int) -> Terms:
    """Return the terms of a trial. Its end is the anchor of the periods after it."""
    return Terms(
        contents=contents,
        prices=prices,
        anchor_ms=end_ms,
        elapsed_months=0,
        period_start_ms=start_ms,
        period_end_ms=end_ms,
    )


def next_period(
    terms: Terms, contents: Contents, prices: Prices, months: int, *, resumed_at_ms: int | None = None
) -> Terms:
    """Return the terms of the period after another's end.

    After an unpaid subscription is resumed, periods that had ended by then are skipped, because access was closed.
    """
    start, end = terms.elapsed_months, terms.elapsed_months + months
    while resumed_at_ms is not None and months_after(terms.anchor_ms, end) <= resumed_at_ms:
        start, end = end, end + months
    return replace(
        terms,
        contents=contents,
        prices=prices,
        elapsed_months=end,
        period_start_ms=months_after(terms.anchor_ms, start),
        period_end_ms=months_after(terms.anchor_ms, end),
    )
