"""The portal's figures: the overview of a workspace like the demo's, and the history of one with a million events.

Run as a process of its own; prints JSON. A page is requested as API Gateway passes it to the function. CPU is the
process's own time: the median of a series of requests, and of five series the lowest, for whatever else runs on the
machine only adds to it.
"""

import gzip
import json
import re
import statistics
import sys
import time
from random import Random
from typing import Any

from benchmarks.events import records
from benchmarks.wire import metered
from chalicelib.clock import day_of, now_ms
from chalicelib.ledger import statement
from chalicelib.usage.handlers import record_usage
from tests.portal import customer
from tests.portal.customer import open_customer

DEMO = "bench-demo"
CLIENT = "bench-demo.bloom"
LARGE = "bench-portal"
EVENTS = 1_000_000
BATCH = 500
SPACING_MS = 580
"""A million events in a week, in batches that each fit into one page."""

SERIES = 5
ROUNDS = 25

_random = Random(20261124)


def fill(account_id: str, events: int) -> None:
    """Record an account's events, a million in a week."""
    end_ms = now_ms()
    for start in range(0, events, BATCH):
        page_end = end_ms - (events - start - BATCH) * SPACING_MS
        messages = records(_random, [account_id], BATCH, end_ms=page_end, span_ms=BATCH * SPACING_MS)
        if record_usage({"Records": messages}, None)["batchItemFailures"]:
            raise RuntimeError("messages were not posted")


def ask(account_id: str, path: str = "", **query: str) -> str:
    """Request a page of an account, and return its HTML."""
    answer = customer.ask(account_id, path, **query)
    if answer.status != 200:
        raise RuntimeError(f"{account_id}{path} was answered with {answer.status}")
    return answer.text


def measure(name: str, account_id: str, path: str = "", **query: str) -> dict[str, Any]:
    """Measure a page: its CPU time, its calls to AWS, what those read, and what is sent."""
    ask(account_id, path, **query)  # the first one loads jinja2, babel and the templates
    with metered() as wire:
        html = ask(account_id, path, **query)
    return {
        f"portal_{name}_cpu_ms": round(min(cpu_seconds(account_id, path, **query) for _ in range(SERIES)) * 1000, 1),
        f"portal_{name}_aws_calls": wire.total_calls,
        f"portal_{name}_read_units": wire.read_units,
        **sizes(name, html),
    }


def cpu_seconds(account_id: str, path: str, **query: str) -> float:
    """Return the median CPU time of a series of requests."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        ask(account_id, path, **query)
        times.append(time.process_time() - start)
    return statistics.median(times)


def sizes(name: str, html: str) -> dict[str, int]:
    """Return a page's bytes, and as it is sent: compressed, the first time with styles and script, later alone."""
    files = re.findall(r'<(?:link rel="stylesheet"|script) (?:href|src)="/portal/(\w+)/([^"]+)"', html)
    parts = [html.encode(), *(_file(folder, name).encode() for folder, name in files)]
    sent = [len(gzip.compress(part)) for part in parts]
    return {
        f"portal_{name}_html_bytes": len(parts[0]),
        f"portal_{name}_bytes_with_styles_and_script": sum(map(len, parts)),
        f"portal_{name}_first_visit_sent_bytes": sum(sent),
        f"portal_{name}_later_visit_sent_bytes": sent[0],
    }


def _file(folder: str, name: str) -> str:
    from chalicelib.portal.answer import show_file  # noqa: PLC0415 - loads jinja2 and babel

    return str(show_file(folder, name).body)


def main() -> None:
    """Measure, and print the figures."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    open_customer(DEMO)
    open_customer(CLIENT, DEMO)
    open_customer(LARGE, with_month=False)
    fill(LARGE, events)
    newest = statement.read_history(LARGE, limit=1).transactions[0]
    group = f"{day_of(newest.identity.occurred_at_ms)}.{newest.content.meter}"
    first = time.process_time()
    ask(DEMO)
    cold = time.process_time() - first
    figures = {
        "portal_first_page_cpu_ms": round(cold * 1000),
        **measure("overview", DEMO),
        **measure("clients_overview", CLIENT),
        **measure("history", LARGE, "/history"),
        **measure("history_opened", LARGE, "/history", open=group),
        **measure("search_nothing", LARGE, "/history/search", q="an-id-that-is-not-there"),
    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
