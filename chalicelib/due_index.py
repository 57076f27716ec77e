"""Indexes of due rows: rows that need evaluating at some time even if no event triggers it, found without a table scan.

A row that will be due has a shard and a time; any other row has neither, and is not in the index. A function claims a
row before it evaluates it, on condition of its time: of several concurrent functions, one does the work. An index may
lag behind its table, so a row is read again before it is acted on.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.conflicts import conditional_write
from chalicelib.due import SHARDS, Due, shard_of
from chalicelib.tables import Table

RowT = TypeVar("RowT", bound=Table)

Moment = int | str
"""Milliseconds since 1970, or what `clock.iso` writes."""


class DueIndex(GlobalSecondaryIndex[RowT]):  # type: ignore[no-untyped-call]
    """Base of the indexes of due rows: subclasses name `shard` and `time` as their table does, by `attr_name`."""

    shards: ClassVar[int] = SHARDS
    shard: ClassVar[Any]
    time: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()  # type: ignore[no-untyped-call]

    def due_by(
        self, moment: Moment, *, limit: int | None = None, first: int = 0, attributes_to_get: list[str] | None = None
    ) -> Iterator[RowT]:
        """Yield the rows that are due by a moment, shard by shard from the `first`: the oldest `limit` of each.

        The rows have their keys and the other attributes that the index projects.
        """
        for rows in self.due_in_shards(moment, limit=limit, first=first, attributes_to_get=attributes_to_get):
            yield from rows

    def due_in_shards(
        self,
        moment: Moment,
        *,
        limit: int | None = None,
        page_size: int | None = None,
        first: int = 0,
        attributes_to_get: list[str] | None = None,
    ) -> Iterator[Iterator[RowT]]:
        """Yield what is due in each shard, the oldest first, which is read as it is asked for, in pages."""
        for number in range(first, first + self.shards):
            yield self.query(
                str(number % self.shards),
                type(self).time <= moment,
                limit=limit,
                page_size=page_size or limit,
                attributes_to_get=attributes_to_get,
            )

    def claim(self, hash_key: str, range_key: str | None = None, *, due_at: Moment, again_at: Moment) -> bool:
        """Postpone a due row to `again_at`; False if its time has changed since: another function evaluates it."""
        time = type(self).time
        return self._update(hash_key, range_key, [time.set(again_at)], time == due_at)

    def finish(self, hash_key: str, range_key: str | None = None, *, due_at: Moment) -> bool:
        """Remove a row from the index, unless its time has changed since."""
        shard, time = type(self).shard, type(self).time
        return self._update(hash_key, range_key, [shard.remove(), time.remove()], time == due_at)

    def put(
        self,
        hash_key: str,
        range_key: str | None = None,
        *,
        due_at: Moment,
        condition: Condition,
        also: Sequence[Action] = (),
    ) -> bool:
        """Put a row into the index, or change its time, on a condition; tell whether the condition held."""
        shard, time = type(self).shard, type(self).time
        in_shard = shard.set(shard_of(range_key or hash_key, self.shards))
        return self._update(hash_key, range_key, [time.set(due_at), in_shard, *also], condition)

    def _update(self, hash_key: str, range_key: str | None, actions: list[Action], condition: Condition) -> bool:
        """Update a row without reading it back, unlike the model's `update`: an unreadable row can still be moved."""
        table = self._model._get_connection()
        return conditional_write(table.update_item, hash_key, range_key, actions=actions, condition=condition)


class DailyIndex(DueIndex[RowT]):
    """Rows with a daily look, by when they are due next. The index holds only their keys."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True, attr_name="due_shard")
    time = NumberAttribute(range_key=True, attr_name="due_at_ms")


class DailyRow(Table):
    """Base of the rows with a daily look, one per account.

    `due_at_ms` is when a row is due in the index. If `is_daily`, that is its daily look, and its own time is in
    `own_due_at_ms`.
    """

    due_shard = UnicodeAttribute(null=True)
    due_at_ms = NumberAttribute(null=True)
    is_daily = BooleanAttribute(null=True)
    own_due_at_ms = NumberAttribute(null=True)

    @property
    def own_time_ms(self) -> int | None:
        """Return when the row is due apart from its daily look."""
        found: float | None = self.own_due_at_ms if self.is_daily else self.due_at_ms
        return None if found is None else int(found)


def daily_attributes(account_id: str, due: Due) -> dict[str, Any]:
    """Return a row's attributes for when it is due."""
    return {
        "due_shard": None if due.at_ms is None else shard_of(account_id),
        "due_at_ms": due.at_ms,
        "is_daily": due.is_daily or None,
        "own_due_at_ms": due.own_ms,
    }
