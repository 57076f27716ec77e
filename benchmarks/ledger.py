"""The ledger's figures. Run as a process of its own, so that its memory and CPU time are its alone; prints JSON."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

from pynamodb.transactions import TransactWrite

import app
from benchmarks.events import Record, records
from benchmarks.naive import Naive
from benchmarks.wire import metered
from chalicelib.accounts import access, table
from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.ledger import statement
from chalicelib.ledger.table import add_new_wallet
from chalicelib.ledger.verify import verify
from chalicelib.tables import connection

MINUTE_MS = 60_000
ROUNDS = 7
NAIVE_EVENTS = 500
HISTORY_PAGE = 500
SPACING_MS = 400

_random = Random(20261124)
_numbers = count(1)


def new_wallet() -> str:
    """Make an empty wallet."""
    account_id = f"bench-{next(_numbers)}"
    with TransactWrite(connection=connection()) as transaction:
        add_new_wallet(transaction, account_id, "usd")
    return account_id


def post(messages: list[Record]) -> None:
    """Hand messages to the function as Lambda does; all of them must be posted."""
    answer = app.record_usage({"Records": messages}, None)
    if answer["batchItemFailures"]:
        raise RuntimeError(f"{len(answer['batchItemFailures'])} messages were not posted")


def cpu_seconds(work: Callable[[], None]) -> float:
    """Return the process's own CPU time for a piece of work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def throughput() -> dict[str, Any]:
    """Measure 10,000 messages over 10 wallets, and the naive handler beside them. Each round's wallets are new."""
    rates = []
    for _ in range(ROUNDS):
        wallets = [new_wallet() for _ in range(10)]
        messages = records(_random, wallets, 10_000, end_ms=now_ms(), span_ms=MINUTE_MS)
        rates.append(10_000 / cpu_seconds(lambda messages=messages: post(messages)))  # type: ignore[misc]
        if verify(wallets[0]).difference:
            raise RuntimeError("the ledger does not verify")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    naive = Naive(f"naive-{now_ms()}")
    naive.create()
    few = {
        "Records": records(
            _random, [f"n{number}" for number in range(10)], NAIVE_EVENTS, end_ms=now_ms(), span_ms=MINUTE_MS
        )
    }
    return {
        "events_per_second_per_core": round(statistics.median(rates)),
        "events_per_second_per_core_rounds": [round(rate) for rate in rates],
        "naive_events_per_second_per_core": round(NAIVE_EVENTS / cpu_seconds(lambda: naive.handle(few))),
        "peak_memory_mb": round(peak),
    }


def write_units() -> dict[str, Any]:
    """Measure batches of one wallet, each the first commit of a new one."""
    per_event: dict[str, float] = {}
    calls: dict[str, int] = {}
    for size in (1, 10, 100, 1_000, 10_000):
        messages = records(_random, [new_wallet()], size, end_ms=now_ms(), span_ms=MINUTE_MS)
        with metered() as wire:
            post(messages)
        per_event[str(size)] = round(wire.write_units / size, 4)
        calls[str(size)] = wire.total_calls
    return {
        "aws_calls_per_commit": max(calls.values()),
        "aws_calls_by_batch": calls,
        "write_units_per_event": per_event,
    }


def history() -> dict[str, Any]:
    """Measure the newest 50 transactions of a wallet with 1,000 events and of one with a million."""
    units: dict[str, float] = {}
    calls: dict[str, int] = {}
    for size in (1_000, 1_000_000):
        wallet, end_ms = new_wallet(), now_ms()
        for start in range(0, size, HISTORY_PAGE):
            page_end = end_ms - (size - start - HISTORY_PAGE) * SPACING_MS
            post(records(_random, [wallet], HISTORY_PAGE, end_ms=page_end, span_ms=HISTORY_PAGE * SPACING_MS))
        with metered() as wire:
            found = statement.history(wallet, limit=50)
        if len(found.transactions) != 50:
            raise RuntimeError("the history is not complete")
        units[str(size)], calls[str(size)] = wire.read_units, wire.total_calls
    return {"history_read_units": units, "history_aws_calls": calls}


def access_calls() -> dict[str, Any]:
    """Count the calls of an access check of a client, which needs its workspace too."""
    fields: dict[str, Any] = {"email": "a@b.example", "currency": "usd", "locale": "en", "country": None}
    fields |= {"billing_details": None, "created_at_ms": now_ms()}
    table.create(Account(account_id="bench-agency", kind="workspace", workspace_id=None, name="Agency", **fields))
    table.create(
        Account(account_id="bench-client", kind="client", workspace_id="bench-agency", name="Client", **fields)
    )
    with metered() as wire:
        access.access(table.get("bench-client"), catalog())
    return {"access_aws_calls": wire.total_calls}


if __name__ == "__main__":
    figures = {**throughput(), **write_units(), **access_calls(), **history()}
    json.dump(figures, sys.stdout)
