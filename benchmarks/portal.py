"""The portal's figures: pages of a wallet with a million events. Run as a process of its own; prints JSON.

A page is requested as API Gateway passes it to the function. CPU is the process's own time, the median of several.
"""

import gzip
import json
import re
import statistics
import sys
import time
from random import Random
from typing import Any

import app
from benchmarks.events import records
from benchmarks.wire import metered
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.clock import day_of, now_ms
from chalicelib.ledger import statement
from chalicelib.portal import table
from chalicelib.portal.session import LONGEST_MS, Session, id_of
from chalicelib.usage.handlers import record_usage

ACCOUNT = "bench-portal"
TOKEN = "a-session-of-the-benchmark"
EVENTS = 1_000_000
BATCH = 500
SPACING_MS = 580
"""A million events in a week, in batches that each fit into one page."""

ROUNDS = 15

_random = Random(20261124)


def open_account() -> None:
    """Make the account, and a session for it."""
    now = now_ms()
    fields: dict[str, Any] = {"workspace_id": None, "locale": "en", "country": None, "billing_details": None}
    named: dict[str, Any] = {"account_id": ACCOUNT, "name": "Bench", "email": "a@bench.example", "currency": "usd"}
    accounts.create(Account(kind="workspace", created_at_ms=now, **named, **fields))
    session: dict[str, Any] = {"subject": None, "return_url": None, "locale": None, "created_at_ms": now}
    session |= {"session_id": id_of("session", TOKEN), "account_id": ACCOUNT, "expires_at_ms": now + LONGEST_MS}
    table.put(Session(role="owner", **session))


def fill() -> None:
    """Record the account's million events."""
    end_ms = now_ms()
    for start in range(0, EVENTS, BATCH):
        page_end = end_ms - (EVENTS - start - BATCH) * SPACING_MS
        messages = records(_random, [ACCOUNT], BATCH, end_ms=page_end, span_ms=BATCH * SPACING_MS)
        if record_usage({"Records": messages}, None)["batchItemFailures"]:
            raise RuntimeError("messages were not posted")


def ask(route: str, path: str = "", **query: str) -> str:
    """Request a page of the account, and return its HTML."""
    address = f"/portal/accounts/{ACCOUNT}{path}"
    event = {
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": f"/portal/accounts/{{account_id}}{route}",
            "path": address,
        },
        "headers": {"host": "127.0.0.1", "cookie": f"portal_session={TOKEN}", "accept-language": "en-US"},
        "pathParameters": {"account_id": ACCOUNT},
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "stageVariables": {},
        "body": None,
        "isBase64Encoded": False,
    }
    answer = app.app(event, None)
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{address} was answered with {answer['statusCode']}")
    html: str = answer["body"]
    return html


def measure(name: str, route: str, **query: str) -> dict[str, Any]:
    """Measure a page: its CPU time, its calls to AWS, and what those read."""
    ask(route, route, **query)  # the first one loads jinja2, babel and the templates
    with metered() as wire:
        ask(route, route, **query)
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        ask(route, route, **query)
        times.append(time.process_time() - start)
    return {
        f"portal_{name}_cpu_ms": round(statistics.median(times) * 1000, 1),
        f"portal_{name}_aws_calls": wire.total_calls,
        f"portal_{name}_read_units": wire.read_units,
    }


def sizes() -> dict[str, int]:
    """Return the bytes of the overview with its styles and its script, as they are and compressed."""
    html = ask("")
    files = re.findall(r'<(?:link rel="stylesheet"|script) (?:href|src)="/portal/(\w+)/([^"]+)"', html)
    parts = [html.encode(), *(_file(folder, name).encode() for folder, name in files)]
    return {
        "portal_overview_html_bytes": len(parts[0]),
        "portal_overview_bytes_with_styles_and_script": sum(map(len, parts)),
        "portal_overview_gzip_bytes": sum(len(gzip.compress(part)) for part in parts),
    }


def _file(folder: str, name: str) -> str:
    from chalicelib.portal.answer import show_file  # noqa: PLC0415 - loads jinja2 and babel

    return str(show_file(folder, name).body)


def main() -> None:
    """Measure, and print the figures."""
    open_account()
    fill()
    newest = statement.read_history(ACCOUNT, limit=1).transactions[0]
    group = f"{day_of(newest.identity.occurred_at_ms)}.{newest.content.meter}"
    first = time.process_time()
    ask("")
    cold = time.process_time() - first
    figures = {
        "portal_first_page_cpu_ms": round(cold * 1000),
        **measure("overview", ""),
        **measure("history", "/history"),
        **measure("history_opened", "/history", open=group),
        **measure("search_nothing", "/history/search", q="an-id-that-is-not-there"),
        **sizes(),
    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
