"""Rows that are deleted or cleared without being read: what is damaged in one is to go all the same."""

from collections.abc import Sequence
from typing import TypeVar

from pynamodb.expressions.update import Action

from chalicelib.conflicts import conditional_transaction
from chalicelib.tables import Item, Table

RowT = TypeVar("RowT", bound=Table)


class RowBusy(Exception):
    """Somebody else changed or deleted the row at the same moment: another run looks at it again."""


def key_row(table: type[RowT], item: Item) -> RowT:
    """Return the row of an item with nothing but its key."""
    keys = [each.attr_name for each in table.get_attributes().values() if each.is_hash_key or each.is_range_key]
    return table.from_raw_data({name: item[name] for name in keys})


def clear(row: Table, actions: Sequence[Action]) -> None:
    """Change a row that is there, whatever else it has. Raises RowBusy.

    PynamoDB's own update reads the whole row from DynamoDB's answer, and fails on what is damaged after it has written.
    """
    hash_key = type(row)._hash_key_attribute()  # type: ignore[no-untyped-call]
    if not conditional_transaction(
        lambda transaction: transaction.update(row, actions=list(actions), condition=hash_key.exists())
    ):
        raise RowBusy
