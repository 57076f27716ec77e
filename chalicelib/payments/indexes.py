"""The indexes of the table `payments`: those that are still to be checked or followed up, and those of a day."""

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.due_index import DueIndex


class UnresolvedIndex(DueIndex[Any]):
    """Payments that are not final, by when to look at them next, and those that wait for a person; no others."""

    class Meta:
        index_name = "unresolved"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True, attr_name="unresolved_shard")
    time = UnicodeAttribute(range_key=True, attr_name="check_at")


class FollowUpIndex(DueIndex[Any]):
    """Payments that have succeeded, or changed since, by when to see that everybody has heard of it, and no others."""

    class Meta:
        index_name = "follow_up"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True, attr_name="follow_up_shard")
    time = NumberAttribute(range_key=True, attr_name="follow_up_at_ms")


class ByDayIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Payments by the Stripe account and day that they were begun on (see `stripe_api.stripe_day`)."""

    class Meta:
        index_name = "by_day"
        projection = KeysOnlyProjection()

    stripe_day = UnicodeAttribute(hash_key=True)
    created_at_ms = NumberAttribute(range_key=True)
