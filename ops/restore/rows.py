"""Copy rows that are missing, or that differ, from a restored table into the live one."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
from botocore.exceptions import ClientError

from chalicelib.backoff import attempts
from chalicelib.batches import each
from chalicelib.tables import KEYS_A_CALL, READS, Item, RowsUnread, connection
from chalicelib.threads import in_threads

SEGMENTS: Final = 8
"""Parts of the restored table that are read at once."""

Progress = Callable[[int], None]
"""Is told how many more rows were compared."""


class NotTheSameTable(Exception):
    """The restored table has other keys than the live one: it is a copy of another."""


class Copied(msgspec.Struct):
    """How many rows the restored table has, how many of them the live one lacks or has otherwise, and what was written.

    `overtaken` are those that somebody else wrote meanwhile: they stay as they are. DynamoDB refused the `failed` ones.
    """

    read: int = 0
    missing: int = 0
    different: int = 0
    written: int = 0
    overtaken: int = 0
    failed: int = 0

    def add(self, other: "Copied") -> None:
        """Add the counts of another part."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def copy_rows(
    live: str, restored: str, *, account_id: str | None, replace: bool, write: bool, progress: Progress
) -> Copied:
    """Copy rows from the table `restored` into the table `live`; of one account, if it is given.

    Rows that differ are written only with `replace`: what changed since is lost then. Safe to repeat and to cut off.
    Raises NotTheSameTable.
    """
    keys = _key_names(live)
    if keys != _key_names(restored):
        raise NotTheSameTable(f"{restored} has the keys {_key_names(restored)}, {live} has {keys}")
    total = Copied()

    def copy_part(asked: Mapping[str, Any]) -> Copied:
        part = Copied()
        for items in _batches(restored, asked):
            part.add(_copy_batch(live, keys, items, replace=replace, write=write))
            progress(len(items))
        return part

    for part in in_threads(copy_part, _parts(keys, account_id), SEGMENTS):
        total.add(part)
    return total


def _parts(keys: list[str], account_id: str | None) -> list[dict[str, Any]]:
    if account_id is None:
        return [{"Segment": number, "TotalSegments": SEGMENTS} for number in range(SEGMENTS)]
    return [
        {
            "KeyConditionExpression": "#key = :account",
            "ExpressionAttributeNames": {"#key": keys[0]},
            "ExpressionAttributeValues": {":account": {"S": account_id}},
        }
    ]


def _batches(table: str, asked: Mapping[str, Any]) -> Iterator[list[Item]]:
    """Yield the rows of a scan or query, at most as many at once as one call reads."""
    client: Any = connection().client
    read = client.query if "KeyConditionExpression" in asked else client.scan
    start: dict[str, Any] = {}
    while True:
        answer = read(TableName=table, ConsistentRead=True, **asked, **start)
        items = answer["Items"]
        yield from (items[first : first + KEYS_A_CALL] for first in range(0, len(items), KEYS_A_CALL))
        if not answer.get("LastEvaluatedKey"):
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _copy_batch(live: str, keys: list[str], items: list[Item], *, replace: bool, write: bool) -> Copied:
    there = _read(live, keys, items)
    copied = Copied(read=len(items))

    def copy_row(item: Item) -> None:
        current = there.get(_key_of(keys, item))
        copied.missing += current is None
        copied.different += current is not None and current != item
        if write and (current is None or (replace and current != item)):
            written = _put(live, keys, item, over=current)
            copied.written += written
            copied.overtaken += not written

    failures = each(
        items, copy_row, message="a row could not be copied", about=lambda item: {"key": _key_of(keys, item)}
    )
    copied.failed = len(failures)
    return copied


def _read(table: str, keys: list[str], items: list[Item]) -> dict[tuple[str, ...], Item]:
    """Read the rows that have the keys of `items`. Raises RowsUnread."""
    found: dict[tuple[str, ...], Item] = {}
    wanted: Any = {table: {"Keys": [{name: item[name] for name in keys} for item in items], "ConsistentRead": True}}
    for _ in attempts(READS):
        answer = connection().client.batch_get_item(RequestItems=wanted)
        found.update({_key_of(keys, item): item for item in answer["Responses"].get(table, [])})
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return found
    raise RowsUnread(f"DynamoDB left rows of {table} unread")


def _put(table: str, keys: list[str], item: Item, *, over: Item | None) -> bool:
    """Write a row over what was read; return whether it was still there, or still missing."""
    names = {f"#{number}": name for number, name in enumerate(over or keys[:1])}
    values = {f":{number}": over[name] for number, name in enumerate(over)} if over else {}
    equal = " AND ".join(f"#{number} = :{number}" for number in range(len(values)))
    condition: dict[str, Any] = {
        "ConditionExpression": equal or "attribute_not_exists(#0)",
        "ExpressionAttributeNames": names,
        **({"ExpressionAttributeValues": values} if values else {}),
    }
    try:
        connection().client.put_item(TableName=table, Item=item, **condition)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _key_names(table: str) -> list[str]:
    schema = connection().client.describe_table(TableName=table)["Table"]["KeySchema"]
    return [each["AttributeName"] for each in sorted(schema, key=lambda each: each["KeyType"])]


def _key_of(keys: list[str], item: Item) -> tuple[str, ...]:
    return tuple(str(item[name]) for name in keys)
