"""Many concurrent committers of one wallet: their throughput together, compared with that of one alone.

Run as a process of its own; prints JSON. There is at most one process per core; further committers are threads. Each
posts batches of ten events one after the other, like functions that receive batches of the same workspace from a queue.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from benchmarks.wire import metered
from benchmarks.work import new_wallet
from chalicelib.clock import now_ms
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Content, Identity, Leg, Posting
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.verify import verify

COMMITTERS = (1, 4, 10, 64)
SECONDS = 10.0
EVENTS = 10


def batch(account_id: str, name: str, number: int) -> list[Posting]:
    """Return the events of one batch, all of them recent, as they arrive from a queue."""
    moment = now_ms()
    return [
        Posting(
            Identity(account_id, "/messaging", f"{name}-{number}-{place}", moment - place),
            Content("usage", "SMS", "sms", 1_000_000),
            (Leg(account_id, "debit", 50_000, 50_000),),
        )
        for place in range(EVENTS)
    ]


def commit_for(account_id: str, name: str, seconds: float) -> tuple[int, int]:
    """Post batches for `seconds`; return how many were posted, and how many were given up."""
    posted = gave_up = 0
    end = time.monotonic() + seconds
    for number in count():
        if time.monotonic() >= end:
            break
        result = post(batch(account_id, name, number))
        posted += bool(result.posted)
        gave_up += bool(result.refused)
    return posted, gave_up


def work(account_id: str, name: str, threads: int, seconds: float) -> dict[str, int]:
    """Run committers in threads of this process; return their counts."""
    with metered() as wire, ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(lambda each: commit_for(account_id, f"{name}-{each}", seconds), range(threads)))
    return {
        "commits": sum(posted for posted, _ in done),
        "gave_up": sum(gave_up for _, gave_up in done),
        "attempts": wire.calls["TransactWriteItems"],
    }


def together(committers: int) -> dict[str, float]:
    """Let committers post to one new wallet concurrently; return their figures."""
    account_id = new_wallet("contended")
    processes = min(committers, os.cpu_count() or 1)
    shares = [committers // processes + (place < committers % processes) for place in range(processes)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contention", account_id, str(place), str(share)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for place, share in enumerate(shares)
    ]
    done = [json.loads(worker.communicate()[0]) for worker in workers]
    total = {name: sum(each[name] for each in done) for name in done[0]}
    if read_wallet(account_id).sequence != total["commits"] * EVENTS or verify(account_id).difference:
        raise RuntimeError("the ledger does not hold what was posted")
    return {
        "commits_per_second": round(total["commits"] / SECONDS, 1),
        "attempts_per_commit": round(total["attempts"] / total["commits"], 2),
        "gave_up": total["gave_up"],
    }


def main() -> None:
    """Measure, and print the figures."""
    figures: dict[str, Any] = {str(committers): together(committers) for committers in COMMITTERS}
    share = round(figures["10"]["commits_per_second"] / figures["1"]["commits_per_second"], 2)
    json.dump({"contention_by_committers": figures, "contention_ten_together_over_one_alone": share}, sys.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        json.dump(work(sys.argv[1], sys.argv[2], int(sys.argv[3]), SECONDS), sys.stdout)
    else:
        main()
