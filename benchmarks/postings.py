"""Figures of postings: the storage of an event, pairs of legs, receipts, and unusual batches.

Run as a process of its own, to measure only its CPU time; prints JSON.
"""

import json
import math
import statistics
import sys
import time
import uuid
from random import Random
from typing import Any

from benchmarks.events import receipt_records, records
from benchmarks.wire import metered
from benchmarks.work import MINUTE_MS, cpu_seconds, new_wallet, record
from chalicelib.clock import now_ms
from chalicelib.ledger.page_table import PageRow
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Content, Identity, Leg, Posting
from chalicelib.ledger.verify import verify

ROUNDS = 5
PAIRS = 10_000
CLIENTS = 10
FAR_APART_MS = 400_000

_random = Random(20261125)


def stored_bytes(account_id: str) -> int:
    """Return the bytes of a wallet's bodies."""
    return sum(len(row.body) for row in PageRow.query(account_id))


def information_bytes(span_ms: int, events: int) -> float:
    """Return how much of an event cannot be derived from the others: its id, link, number, and time among theirs.

    A time among `events` random ones of a span needs the logarithm of the mean gap, and what an exponential gap adds.
    """
    bits = 122 + 64 + math.log2(10**10) + math.log2(span_ms / events * math.e)
    return round(bits / 8, 1)


def storage() -> dict[str, Any]:
    """Measure the storage of events, 1,000 in a page."""
    wallet = new_wallet("posting")
    record(records(_random, [wallet], 1_000, end_ms=now_ms(), span_ms=MINUTE_MS))
    return {
        "bytes_per_event": round(stored_bytes(wallet) / 1_000, 1),
        "information_bytes_per_event": information_bytes(MINUTE_MS, 1_000),
    }


def pair(clients: list[str], workspace: str, number: int, end_ms: int) -> Posting:
    """Return the posting of a client's message that costs its workspace, too."""
    client = clients[number % len(clients)]
    event_id = str(uuid.UUID(int=_random.getrandbits(128), version=4))
    return Posting(
        Identity(client, "/messaging", event_id, end_ms - _random.randrange(MINUTE_MS)),
        Content(
            "usage",
            f"SMS to +1 {_random.randrange(10**10):010d}",
            "sms",
            1_000_000,
            url=f"https://app.example.com/messages/{_random.getrandbits(64):016x}",
        ),
        (Leg(client, "debit", 70_000, 70_000), Leg(workspace, "debit", 50_000, 50_000)),
    )


def pairs() -> dict[str, Any]:
    """Measure postings with two legs, of clients who share a workspace. Each round's wallets are new."""
    rates: list[float] = []
    clients: list[str] = []
    workspace = ""
    while len(rates) < ROUNDS:
        clients, workspace = [new_wallet("posting") for _ in range(CLIENTS)], new_wallet("posting")
        end_ms = now_ms()
        postings = [pair(clients, workspace, number, end_ms) for number in range(PAIRS)]
        rates.append(PAIRS / cpu_seconds(lambda postings=postings: post_all(postings)))  # type: ignore[misc]
        for account in (workspace, clients[0]):
            if verify(account, {workspace, *clients}).difference:
                raise RuntimeError("the ledger does not verify")
    return {
        "posted_pairs_per_second_per_core": round(statistics.median(rates)),
        "posted_pairs_per_second_per_core_rounds": [round(rate) for rate in rates],
        "bytes_per_pair": round((stored_bytes(workspace) + sum(map(stored_bytes, clients))) / PAIRS, 1),
    }


def post_all(postings: list[Posting]) -> None:
    """Post; all postings must be new."""
    if len(post(postings).posted) != len(postings):
        raise RuntimeError("not all were posted")


def hundred_clients() -> dict[str, Any]:
    """Count the calls for a batch of 100 clients of one workspace: the first batch, and the next one."""
    clients, workspace = [new_wallet("posting") for _ in range(100)], new_wallet("posting")
    calls: dict[str, dict[str, int]] = {}
    for name in ("first", "next"):
        end_ms = now_ms()
        postings = [pair(clients, workspace, number, end_ms) for number in range(1_000)]
        with metered() as wire:
            post_all(postings)
        calls[name] = dict(wire.calls)
    return {"aws_calls_for_100_clients_of_a_workspace": calls}


def receipts() -> dict[str, Any]:
    """Measure receipts of four lines, 10,000 over 10 wallets."""
    rates: list[float] = []
    wallets: list[str] = []
    while len(rates) < ROUNDS:
        wallets = [new_wallet("posting") for _ in range(10)]
        messages = receipt_records(_random, wallets, 10_000, end_ms=now_ms(), span_ms=MINUTE_MS)
        rates.append(10_000 / cpu_seconds(lambda messages=messages: record(messages)))  # type: ignore[misc]
    return {
        "receipts_of_four_lines_per_second_per_core": round(statistics.median(rates)),
        "bytes_per_receipt_of_four_lines": round(sum(map(stored_bytes, wallets)) / 10_000, 1),
    }


def far_apart() -> dict[str, Any]:
    """Count the calls for 500 events of one account that are far apart in time, new and then sent again."""
    wallet, calls, seconds = new_wallet("posting"), {}, {}
    messages = records(_random, [wallet], 500, end_ms=now_ms(), span_ms=1, step_ms=FAR_APART_MS)
    for name in ("new", "again"):
        start = time.monotonic()
        with metered() as wire:
            record(messages)
        calls[name], seconds[name] = wire.total_calls, round(time.monotonic() - start, 2)
    return {"far_apart_500_events_aws_calls": calls, "far_apart_500_events_seconds": seconds}


if __name__ == "__main__":
    json.dump({**storage(), **pairs(), **hundred_clients(), **receipts(), **far_apart()}, sys.stdout)
