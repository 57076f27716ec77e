"""The ledger's figures. Run as a process of its own, to measure only its memory and CPU time; prints JSON."""

import json
import resource
import statistics
import sys
from random import Random
from typing import Any

from benchmarks.events import Record, records
from benchmarks.naive import Naive
from benchmarks.wire import item_size, metered
from benchmarks.work import MINUTE_MS, cpu_seconds, new_wallet, record
from chalicelib.access.find_access import find_access
from chalicelib.accounts import table
from chalicelib.accounts.account import Account
from chalicelib.auto_pay.handlers import refill_wallets
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.lambda_function import Function
from chalicelib.ledger import statement
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.verify import verify
from chalicelib.notices.handlers import announce_wallets
from chalicelib.tables import query_items
from tests.notices.records import wallet_record

ROUNDS = 7
NAIVE_EVENTS = 500
HISTORY_PAGE = 500
BATCHES = 30
SPACING_MS = 400

_random = Random(20261124)


def throughput() -> dict[str, Any]:
    """Measure 10,000 messages over 10 wallets, and the naive handler for comparison. Each round's wallets are new."""
    rates = []
    for _ in range(ROUNDS):
        wallets = [new_wallet("ledger") for _ in range(10)]
        messages = records(_random, wallets, 10_000, end_ms=now_ms(), span_ms=MINUTE_MS)
        rates.append(10_000 / cpu_seconds(lambda messages=messages: record(messages)))  # type: ignore[misc]
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
    """Measure batches of one wallet, each batch the first commit of a new wallet."""
    per_event: dict[str, float] = {}
    calls: dict[str, int] = {}
    read_units: dict[str, float] = {}
    page_bytes: dict[str, int] = {}
    for size in (1, 10, 100, 1_000, 10_000):
        wallet = new_wallet("ledger")
        messages = records(_random, [wallet], size, end_ms=now_ms(), span_ms=MINUTE_MS)
        with metered() as wire:
            record(messages)
        read_units[str(size)] = wire.read_units
        page_bytes[str(size)] = sum(map(item_size, query_items(PageRow, wallet)))
        per_event[str(size)] = round(wire.write_units / size, 4)
        calls[str(size)] = wire.total_calls
    return {
        "aws_calls_per_commit": max(calls.values()),
        "aws_calls_by_batch": calls,
        "write_units_per_event": per_event,
        "read_units_by_batch": read_units,
        "page_bytes_by_batch": page_bytes,
    }


def small_batches() -> dict[str, Any]:
    """Measure the CPU time of batches that are small, and of a change of a wallet in its two readers, 100 at once."""
    wallet, end_ms = new_wallet("ledger"), now_ms()
    times: dict[str, float] = {}
    for size in (1, 100):
        batches = [records(_random, [wallet], size, end_ms=end_ms, span_ms=MINUTE_MS) for _ in range(BATCHES)]
        spent = [cpu_seconds(lambda batch=batch: record(batch)) for batch in batches]  # type: ignore[misc]
        times[str(size)] = round(statistics.median(spent) * 1000, 1)
    many = [new_wallet("ledger") for _ in range(100)]
    one_each = [records(_random, many, 100, end_ms=end_ms, span_ms=MINUTE_MS) for _ in range(BATCHES)]
    spent = [cpu_seconds(lambda batch=batch: record(batch)) for batch in one_each]  # type: ignore[misc]
    changes = [wallet_record(21, 20, account_id=each) for each in many]
    return {
        "batch_cpu_ms": times,
        "batch_of_100_wallets_cpu_ms": round(statistics.median(spent) * 1000, 1),
        "wallet_records_cpu_ms": {
            function.__name__: {str(size): _cpu_ms(function, changes[:size]) for size in (1, 100)}
            for function in (refill_wallets, announce_wallets)
        },
    }


def _cpu_ms(function: Function, changes: list[Record]) -> float:
    """Return the CPU time of a call of a function with records of a stream."""
    spent = [cpu_seconds(lambda: function({"Records": changes}, None)) for _ in range(BATCHES)]
    return round(statistics.median(spent) * 1000, 1)


def history() -> dict[str, Any]:
    """Measure the newest 50 transactions of a wallet with 1,000 events and of one with a million."""
    units: dict[str, float] = {}
    calls: dict[str, int] = {}
    for size in (1_000, 1_000_000):
        wallet, end_ms = new_wallet("ledger"), now_ms()
        for start in range(0, size, HISTORY_PAGE):
            page_end = end_ms - (size - start - HISTORY_PAGE) * SPACING_MS
            record(records(_random, [wallet], HISTORY_PAGE, end_ms=page_end, span_ms=HISTORY_PAGE * SPACING_MS))
        with metered() as wire:
            found = statement.read_history(wallet, limit=50)
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
        find_access(table.get("bench-client"), catalog())
    return {"access_aws_calls": wire.total_calls}


if __name__ == "__main__":
    figures = {**throughput(), **write_units(), **small_batches(), **access_calls(), **history()}
    json.dump(figures, sys.stdout)
