"""The indexes of the table `payments`, each of those payments alone that somebody still has to look at."""

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection


class UnresolvedIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Payments that are not final, by when to look at them next, and those that wait for a person; no others."""

    class Meta:
        index_name = "unresolved"
        projection = KeysOnlyProjection()

    unresolved_shard = UnicodeAttribute(hash_key=True)
    check_at = UnicodeAttribute(range_key=True)


class FollowUpIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Payments that have succeeded, or changed since, by when to see that everybody has heard of it, and no others."""

    class Meta:
        index_name = "follow_up"
        projection = KeysOnlyProjection()

    follow_up_shard = UnicodeAttribute(hash_key=True)
    follow_up_at_ms = NumberAttribute(range_key=True)
