"""Count the calls to DynamoDB and their units, from the requests and answers and by DynamoDB's published rules.

Rules: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and "Capacity unit consumption". A
transactional write costs 2 units for each started KB of each item, a plain write 1 unit. A strongly consistent read
costs 1 unit for each started 4 KB of everything that it read, any other read half of that. Of a batch, each item that
was asked for is such a read of its own, also one that does not exist.
"""

import json
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any

import boto3

from chalicelib.tables import connection

KB = 1024


class Wire:
    """What was sent: calls by operation, written items by table, write units and read units.

    The units of indexes are not counted.
    """

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        self.write_units = 0.0
        self.read_units = 0.0
        self._asked: dict[int, tuple[bool, int]] = {}
        # Not the metered client: it only reads the size of updated items.
        self._plain = boto3.client("dynamodb")

    @property
    def total_calls(self) -> int:
        """Return how many calls were made."""
        return self.calls.total()

    def sent(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Count a call before it is sent, with the units of the items that it puts."""
        self.calls[model.name] += 1
        requested = json.loads(params["body"]).get("RequestItems", {}) if model.name == "BatchGetItem" else {}
        keys = sum(len(each["Keys"]) for each in requested.values())
        self._asked[threading.get_ident()] = b'"ConsistentRead": true' in params["body"], keys
        if model.name in {"TransactWriteItems", "PutItem", "UpdateItem"}:
            for _verb, content, units in written(model.name, json.loads(params["body"])):
                self.writes[str(content["TableName"])] += 1
                if "Item" in content:
                    self.write_units += units * ceil(item_size(content["Item"]) / KB)

    def answered(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Count the units of what a call read, when it is answered."""
        if model.name in {"TransactWriteItems", "PutItem", "UpdateItem"}:
            return
        consistent, asked = self._asked.pop(threading.get_ident(), (False, 0))
        if asked:
            found = [item for items in parsed["Responses"].values() for item in items]
            started = sum(started_reads([item]) for item in found) + asked - len(found)
        else:
            started = started_reads([*parsed.get("Items", []), *([parsed["Item"]] if parsed.get("Item") else [])])
        self.read_units += started if consistent else started / 2

    def add_updates(self, updated: list[tuple[str, dict[str, Any], int]]) -> None:
        """Add the units of items that were updated, by their current size."""
        for table, key, units in updated:
            item = self._plain.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
            self.write_units += units * ceil(item_size(item) / KB)


def started_reads(items: Iterable[Mapping[str, Any]]) -> int:
    """Return how many 4 KB a read of items has started, at least one."""
    return max(1, ceil(sum(map(item_size, items)) / (4 * KB)))


def written(operation: str, body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Yield the verb of each item that a call writes, with its content and its units for each started KB."""
    if operation == "TransactWriteItems":
        yield from ((verb, content, 2) for action in body["TransactItems"] for verb, content in action.items())
    else:
        yield operation.removesuffix("Item"), dict(body), 1


@contextmanager
def metered() -> Iterator[Wire]:
    """Meter the process's connection to DynamoDB inside the block."""
    wire = Wire()
    updated: list[tuple[str, dict[str, Any], int]] = []

    def collect(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        if model.name in {"TransactWriteItems", "UpdateItem"}:
            for verb, each, units in written(model.name, json.loads(params["body"])):
                if verb == "Update":
                    updated.append((each["TableName"], each["Key"], units))

    events: Any = connection().client.meta.events
    hooks: list[tuple[str, Any]] = [
        ("before-call.dynamodb.*", wire.sent),
        ("before-call.dynamodb.*", collect),
        ("after-call.dynamodb.*", wire.answered),
    ]
    for name, hook in hooks:
        events.register(name, hook)
    try:
        yield wire
    finally:
        for name, hook in hooks:
            events.unregister(name, hook)
    wire.add_updates(updated)


def item_size(item: Mapping[str, Any]) -> int:
    """Return the size of an item in bytes: its attributes' names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        digits = content.lstrip("-").replace(".", "").strip("0")
        return min(21, ceil(len(digits) / 2) + 1 + int(content.startswith("-")))
    if kind == "B":
        return len(content if isinstance(content, bytes) else b64decode(content))
    if kind in {"NULL", "BOOL"}:
        return 1
    raise ValueError(f"this benchmark's items hold no {kind}")
