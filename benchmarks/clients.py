"""Figures of clients: usage that is charged to a workspace and to its clients, from the queue's messages to the commit.

Run as a process of its own, to measure only its CPU time; prints JSON.
"""

import json
import statistics
import sys
from random import Random
from typing import Any

from benchmarks.events import records
from benchmarks.wire import metered
from benchmarks.work import MINUTE_MS, cpu_seconds, new_wallet, record
from chalicelib.clients.list_clients import list_clients
from chalicelib.clock import now_ms
from chalicelib.ledger.verify import verify
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import Dated, Rebilling
from chalicelib.pricing.table import row_of

ROUNDS = 5
EVENTS = 10_000
CLIENTS = 10
LISTED = 1_000
PAGE = 25
PAGES = 20

_random = Random(20261129)


def new_agency(clients: int) -> tuple[str, list[str]]:
    """Create a workspace with rebilled clients: one price of their own, and a default of the workspace."""
    workspace = new_wallet("agency")
    ids = [new_wallet("client", workspace) for _ in range(clients)]
    row_of(workspace, Rebilling(prices={"*": _always(ClientPrice("markup", markup_micros=1_500_000))})).save()
    price = ClientPrice("price", unit_price_micros=70_000, unit="message")
    for client in ids:
        row_of(
            client, Rebilling((Dated(from_ms=0, value=True, set_at_ms=0, actor="owner"),), {"sms": _always(price)})
        ).save()
    return workspace, ids


def _always(value: Any) -> tuple[Dated[Any], ...]:
    return (Dated(0, value, 0, "owner"),)


def throughput() -> dict[str, Any]:
    """Measure 10,000 messages of ten clients of one workspace. Each round's wallets are new."""
    rates: list[float] = []
    for _ in range(ROUNDS):
        workspace, clients = new_agency(CLIENTS)
        messages = records(_random, clients, EVENTS, end_ms=now_ms(), span_ms=MINUTE_MS)
        rates.append(EVENTS / cpu_seconds(lambda messages=messages: record(messages)))  # type: ignore[misc]
        for account_id in (workspace, clients[0]):
            if verify(account_id, {workspace, *clients}).difference:
                raise RuntimeError("the ledger does not verify")
    return {
        "rebilled_events_per_second_per_core": round(statistics.median(rates)),
        "rebilled_events_per_second_per_core_rounds": [round(rate) for rate in rates],
    }


def write_units() -> dict[str, Any]:
    """Measure 1,000 events of 1, 10 and 100 clients of one workspace, the first commit of each wallet."""
    per_event: dict[str, float] = {}
    calls: dict[str, int] = {}
    commits: dict[str, int] = {}
    for count in (1, 10, 100):
        _, clients = new_agency(count)
        messages = records(_random, clients, 1_000, end_ms=now_ms(), span_ms=MINUTE_MS)
        with metered() as wire:
            record(messages)
        per_event[str(count)] = round(wire.write_units / 1_000, 4)
        calls[str(count)] = wire.total_calls
        commits[str(count)] = wire.calls["TransactWriteItems"]
    return {
        "write_units_per_event_by_clients": per_event,
        "aws_calls_by_clients": calls,
        "commits_by_clients": commits,
    }


def clients_page() -> dict[str, Any]:
    """Measure a page of the list of a workspace's clients: the one in the middle of 1,000 that all used something."""
    workspace, clients = new_agency(LISTED)
    record(records(_random, clients, LISTED, end_ms=now_ms(), span_ms=MINUTE_MS))
    after = sorted(clients)[LISTED // 2]

    def page() -> None:
        if len(list_clients(workspace, "all", after=after, limit=PAGE, now_ms=now_ms()).clients) != PAGE:
            raise RuntimeError("the page is not full")

    page()
    with metered() as wire:
        page()
    return {
        "clients_page_aws_calls": wire.total_calls,
        "clients_page_read_units": wire.read_units,
        "clients_page_cpu_ms": round(statistics.median(cpu_seconds(page) for _ in range(PAGES)) * 1000, 1),
    }


if __name__ == "__main__":
    json.dump({**throughput(), **write_units(), **clients_page()}, sys.stdout)
