"""The door to the index of refunds and disputes by the day on which Stripe made them."""

from chalicelib.reversals.table import ByDayIndex, ReversalRow
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.stripe_api.stripe_day import Key, OfDay, newest_of, partitions_of


def newest_of_day(stripe_account: StripeAccount, day: str, *, before_ms: int, limit: int) -> OfDay:
    """Return the payments of a day's refunds and disputes before a moment: of the newest `limit` of each shard."""

    def read(partition: str) -> list[tuple[int, Key]]:
        rows = ReversalRow.by_day.query(
            partition,
            ByDayIndex.at_stripe_ms < before_ms,
            scan_index_forward=False,
            limit=limit,
            page_size=limit,
            attributes_to_get=["account_id", "reversal_key", "at_stripe_ms"],
        )
        return [(int(row.at_stripe_ms), (row.account_id, row.reversal_key.partition("#")[0])) for row in rows]

    return newest_of(map(read, partitions_of(stripe_account, day)), limit)
