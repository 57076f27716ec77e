"""The door to the table `client_usage`: what each client of a workspace used in a month. A commit writes it.

A row has four numbers per meter: `sms:quantity`, `sms:cost`, `sms:price`, `sms:count`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from pynamodb.attributes import UnicodeAttribute
from pynamodb.transactions import TransactWrite

from chalicelib.ledger.client_usage import ClientMeter, ClientMonth, ClientMonths
from chalicelib.ledger.meter_numbers import add_meters, read_meters
from chalicelib.readable import read_or
from chalicelib.tables import Item, Table, TableMeta, query_items

FIELDS: Final = {"quantity": "quantity_micros", "cost": "cost_micros", "price": "price_micros", "count": "count"}

LAST_ID: Final = "~"
"""After every account id, whose characters are ASCII."""


class ClientUsageRow(Table):
    """One row for each month of a client of a workspace. Its numbers are named by meter."""

    class Meta(metaclass=TableMeta):
        setting = "client_usage_table"

    workspace_id = UnicodeAttribute(hash_key=True)
    client_month = UnicodeAttribute(range_key=True)


def add_to_commit(transaction: TransactWrite, workspace_id: str, months: ClientMonths) -> None:
    """Add the usage of a workspace's clients to a commit."""
    for month, meters in months.items():
        transaction.update(row_of(workspace_id, month), actions=add_meters(meters, FIELDS))


def row_of(workspace_id: str, month: ClientMonth) -> ClientUsageRow:
    """Return the row of a client's month, without its numbers."""
    return ClientUsageRow(workspace_id, _range_key(month))


def read_client_months(
    workspace_id: str, month: str, *, first: str = "", last: str = LAST_ID
) -> Iterator[tuple[str, dict[str, ClientMeter]]]:
    """Yield the clients that used something in a month, by id, each with its usage by meter.

    Only clients from `first` to `last` are read, both included; strongly consistent.
    """
    keys = ClientUsageRow.client_month.between(_range_key((month, first)), _range_key((month, last)))
    for item in query_items(ClientUsageRow, workspace_id, keys):
        yield _month_of(item)[1], meters_of(item)


def meters_of(item: Item) -> dict[str, ClientMeter]:
    """Return the usage by meter of a row's month."""
    return read_meters(item, ClientMeter, FIELDS)


def read_span(workspace_id: str, first: str, last: str) -> Iterator[tuple[ClientMonth, dict[str, ClientMeter] | None]]:
    """Yield the clients of the months from `first` to `last`, both included, by month and id; strongly consistent.

    It is for what is shown: a month that cannot be read is logged, and has None.
    """
    keys = ClientUsageRow.client_month.between(_range_key((first, "")), _range_key((last, LAST_ID)))
    for item in query_items(ClientUsageRow, workspace_id, keys):
        month, client_id = _month_of(item)
        about = {"account_id": client_id, "what": f"usage of {month}"}
        yield (month, client_id), read_or(partial(meters_of, item), _unreadable, about=about)


def _unreadable() -> dict[str, ClientMeter] | None:
    return None


def read_all_months(workspace_id: str) -> ClientMonths:
    """Read all months of all clients of a workspace, strongly consistent."""
    return {month: meters_of(item) for month, item in read_month_items(workspace_id).items()}


def read_month_items(workspace_id: str) -> dict[ClientMonth, Item]:
    """Read what `read_all_months` does, and return its items: `meters_of` tells which of them cannot be read."""
    return {_month_of(item): item for item in query_items(ClientUsageRow, workspace_id)}


def _range_key(month: ClientMonth) -> str:
    return "#".join(month)


def _month_of(item: Mapping[str, Any]) -> ClientMonth:
    month, _, client_id = item["client_month"]["S"].partition("#")
    return month, client_id


def find_client_months(workspace_id: str, month: str, client_ids: Sequence[str]) -> dict[str, dict[str, ClientMeter]]:
    """Read a month of some clients, which are in the order of their ids: one query from the first to the last."""
    return {client_id: meters_of(item) for client_id, item in find_month_items(workspace_id, month, client_ids).items()}


def find_month_items(workspace_id: str, month: str, client_ids: Sequence[str]) -> dict[str, Item]:
    """Read what `find_client_months` does, and return its items: `meters_of` tells which of them cannot be read."""
    if not client_ids:
        return {}
    wanted = frozenset(client_ids)
    first, last = client_ids[0], client_ids[-1]
    keys = ClientUsageRow.client_month.between(_range_key((month, first)), _range_key((month, last)))
    found = {_month_of(item)[1]: item for item in query_items(ClientUsageRow, workspace_id, keys)}
    return {client_id: item for client_id, item in found.items() if client_id in wanted}
