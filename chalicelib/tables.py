"""The one connection to DynamoDB, and the base of every table.

By default PynamoDB makes a client for each table and reads table names on import. Here a process makes one client, on
first use (one client per transaction slowed 500 operations from 6.5 to 96 seconds), and table names are settings.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, Self, TypeVar

import botocore
from botocore.config import Config
from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import MetaModel, Model

from chalicelib import row_parser
from chalicelib.backoff import attempts
from chalicelib.settings import settings
from chalicelib.streams import Image

CONNECTIONS = 32
"""HTTP connections kept open: enough for the wallets that the usage recorder posts at once, with a margin."""


KEYS_A_CALL: Final = 100
"""Keys that one call reads (Amazon DynamoDB API Reference, BatchGetItem)."""

READS: Final = 5
"""How many calls are made at most for rows that DynamoDB leaves unread."""


class RowsUnread(Exception):
    """DynamoDB left rows unread in every attempt."""


RowT = TypeVar("RowT", bound="Table")
ValueT = TypeVar("ValueT")

RowKey = str | tuple[str, str]
"""A row's hash key, or its hash key and its range key."""

Keys = Mapping[type["Table"], Iterable[RowKey]]
"""Rows to read, by table."""

NO_KEYS: Final[Keys] = {}

Reader = Callable[[str], Any] | None

Item = dict[str, Any]
"""A row as DynamoDB returns it."""


AGENT: Final = Config(user_agent=f"billing-portal Botocore/{botocore.__version__}")
"""Else botocore describes itself, the system and the client anew for each call, in a third of the processor's time."""


class AgentConnection(Connection):
    """A connection whose calls have a fixed user agent, and whose reads are parsed by `row_parser`."""

    @property
    def session(self) -> Any:
        """Return the thread's session, from which the client takes what PynamoDB does not set."""
        session = super().session
        session.set_default_client_config(AGENT)
        row_parser.register(session)
        return session


@cache
def connection() -> Connection:
    """Return the process's connection. The region and the endpoint come from AWS's own environment variables."""
    return AgentConnection(connect_timeout_seconds=2, read_timeout_seconds=10, max_pool_connections=CONNECTIONS)


class TableMeta(type):
    """Metaclass of a table's `Meta`: looks the table's name up in the settings on each access."""

    setting: str

    @property
    def table_name(cls) -> str:
        """Return the table's name, which the settings hold under `setting`."""
        return str(getattr(settings(), cls.setting))


class Table(Model, metaclass=MetaModel):
    """Base of every table: subclasses name their setting in `class Meta(metaclass=TableMeta): setting = ...`."""

    class Meta(metaclass=TableMeta):
        setting = ""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        shared = connection()
        if table.connection is not shared:
            schema = table.get_meta_table()
            shared._tables.setdefault(table.table_name, schema)
            table.connection = shared
        return table

    @classmethod
    def from_raw_data(cls, data: Item) -> Self:
        """Return the row of an item, as PynamoDB would, in a fraction of its time.

        PynamoDB's own also knows nested attributes, and looks at each that the item might have.
        """
        row = cls.__new__(cls)
        defaults, attributes = _attributes_of(cls)
        row.attribute_values = values = dict(defaults)
        for stored_name, stored in data.items():
            if stored_name in attributes and "NULL" not in stored:
                name, attribute, read = attributes[stored_name]
                content = stored.get(attribute.attr_type) if read else None
                if read is None or content is None:
                    values[name] = attribute.deserialize(attribute.get_value(stored))
                else:
                    values[name] = read(content)
        return row

    def values(self) -> dict[str, Any]:
        """Return the row's values by name: None for each that is missing."""
        return {name: self.attribute_values.get(name) for name in self.get_attributes()}


@cache
def _attributes_of(table: type[Table]) -> tuple[dict[str, Any], dict[str, tuple[str, Attribute[Any], Reader]]]:
    """Return the values of attributes that an item lacks, and each attribute with its name by that in DynamoDB."""
    attributes = table.get_attributes()
    defaults = {name: each.default for name, each in attributes.items() if each.default is not None}
    return defaults, {each.attr_name: (name, each, READERS.get(type(each))) for name, each in attributes.items()}


def _number(stored: str) -> float:
    """Return a number as PynamoDB does, which reads each as JSON."""
    try:
        return int(stored)
    except ValueError:
        found: float = json.loads(stored)
        return found


READERS: Final[dict[type[Attribute[Any]], Reader]] = {UnicodeAttribute: str, NumberAttribute: _number}
"""How the plainest attributes are read from what is stored."""


def read_together(keys: Keys) -> dict[type[Table], list[Any]]:
    """Read rows of several tables, in one call and strongly consistent."""
    return {table: [table.from_raw_data(item) for item in items] for table, items in _read_items(keys).items()}


class Rows:
    """Rows that were read together. Each is made of its item when it is asked for.

    So one that the caller turns out not to be allowed to see is never looked at, not even when it cannot be read.
    """

    def __init__(self, items: Mapping[type[Table], Iterable[Item]]) -> None:
        self._items = {table: {_key_in(table, item): item for item in found} for table, found in items.items()}

    def find(self, table: type[RowT], key: RowKey) -> RowT | None:
        """Return a row; None if it does not exist. Raises KeyError if its table was not read."""
        item = self._items[table].get(key)
        return None if item is None else table.from_raw_data(item)

    def has(self, table: type["Table"], key: RowKey) -> bool:
        """Tell whether a row exists, even if it cannot be read. Raises KeyError if its table was not read."""
        return key in self._items[table]


def read_rows(*wanted: Keys) -> Rows:
    """Read the rows of several lists of keys, in one call and strongly consistent; of none, without a call."""
    keys: dict[type[Table], dict[RowKey, None]] = {}
    for each in wanted:
        for table, its in each.items():
            keys.setdefault(table, {}).update(dict.fromkeys(its))
    return Rows(_read_items(keys))


def _read_items(keys: Keys) -> dict[type[Table], list[Item]]:
    """Read rows in one call, and those that DynamoDB leaves unread in a few more. Raises RowsUnread."""
    tables = {table.Meta.table_name: table for table in keys}
    found: dict[type[Table], list[Item]] = {table: [] for table in keys}
    wanted: dict[str, Any] = {}
    for name, table in tables.items():
        wanted[name] = {"Keys": [_key_of(table, key) for key in keys[table]], "ConsistentRead": True}
    wanted = {name: each for name, each in wanted.items() if each["Keys"]}
    if sum(len(each["Keys"]) for each in wanted.values()) > KEYS_A_CALL:
        raise ValueError(f"more than {KEYS_A_CALL} keys in one call")
    if not wanted:
        return found
    for _ in attempts(READS):
        answer = connection().client.batch_get_item(RequestItems=wanted)
        for name, items in answer["Responses"].items():
            found[tables[name]] += items
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return found
    raise RowsUnread(f"DynamoDB left {wanted} unread")


def query_items(
    table: type[Table],
    hash_key: str,
    keys: Condition | None = None,
    *,
    index_name: str | None = None,
    limit: int | None = None,
) -> Iterator[Item]:
    """Yield the items of a query, at most `limit`, without making rows of them; strongly consistent, but of an index.

    So whoever makes a row of each finds out which of them cannot be read.
    """
    shared, table_name = raw(table)
    asked: dict[str, Any] = {"consistent_read": index_name is None, "index_name": index_name}
    start_key: Item | None = None
    while limit is None or limit > 0:
        answer = shared.query(table_name, hash_key, keys, limit=limit, exclusive_start_key=start_key, **asked)
        yield from answer["Items"]
        limit = None if limit is None else limit - len(answer["Items"])
        start_key = answer.get("LastEvaluatedKey")
        if not start_key:
            return


def _key_in(table: type[Table], item: Item) -> RowKey:
    """Return the key of an item."""
    range_key = table._range_key_attribute()  # type: ignore[no-untyped-call]
    found: str = item[table._hash_key_attribute().attr_name]["S"]  # type: ignore[no-untyped-call]
    return found if range_key is None else (found, item[range_key.attr_name]["S"])


def _key_of(table: type[Table], key: RowKey) -> dict[str, dict[str, str]]:
    """Return a row's key in DynamoDB's JSON."""
    hash_key, range_key = (key, None) if isinstance(key, str) else key
    found = {str(table._hash_key_attribute().attr_name): {"S": hash_key}}  # type: ignore[no-untyped-call]
    if range_key is not None:
        found[str(table._range_key_attribute().attr_name)] = {"S": range_key}  # type: ignore[no-untyped-call]
    return found


def raw(table: type[Table]) -> tuple[Connection, str]:
    """Return the connection and the name of a table, for the few items whose attributes no model can list."""
    return table._get_connection().connection, table.Meta.table_name


def set_or_remove(attribute: Attribute[Any], value: Any) -> Action:
    """Return the action that writes an attribute; None removes it."""
    return attribute.remove() if value is None else attribute.set(value)


def image_reader(row_type: type[RowT], value_of: Callable[[RowT], ValueT]) -> Callable[[Image], ValueT]:
    """Return a reader of the row images in a table's stream; `value_of` makes the value of a row."""

    def read_image(image: Image) -> ValueT:
        return value_of(row_type.from_raw_data({name: _stored(typed) for name, typed in image.items()}))

    return read_image


def _stored(typed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a value of an image as DynamoDB's client returns it: there bytes are not base64."""
    return {"B": b64decode(typed["B"])} if "B" in typed else typed
