"""The README's table of figures, made from a run's. Pure but for `update`."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

README: Final = Path(__file__).parent.with_name("README.md")
HEAD: Final = "| figure | value |\n|---|---|\n"
DUE: Final = (100, 1000, 10000)

Run = Mapping[str, Any]


def update(run: Run) -> None:
    """Write a run's figures into the README."""
    README.write_text(with_figures(README.read_text(), run))


def with_figures(text: str, run: Run) -> str:
    """Return a text with the table of a run in place of the one that it has."""
    rows = "".join(
        f"| {label} | {value} |\n" for label, value in [*_usage_rows(run), *_ledger_rows(run), *_other_rows(run)]
    )
    return re.sub(re.escape(HEAD) + r"(\|.*\n)*", lambda _: HEAD + rows, text)


def renewal_calls(run: Run, service: str) -> str:
    """Return how many calls to a service a renewed subscription takes, which must not depend on how many are due."""
    (calls,) = {run[f"renewals_{service}_calls_each_with_{due}_due"] for due in DUE}
    return f"{calls:g}"


def _usage_rows(run: Run) -> Iterator[tuple[str, str]]:
    yield (
        "usage events per second per core, from the queue's messages to the commit",
        f"{run['events_per_second_per_core']:,}",
    )
    yield (
        (
            "the same with a row, a marker and a balance update per event (Powertools' batch handler; a marker says "
            "that an id was charged)"
        ),
        f"{run['naive_events_per_second_per_core']:,}",
    )
    yield (
        "postings with two legs per second per core, of ten clients of one workspace (already read and priced)",
        f"{run['posted_pairs_per_second_per_core']:,}",
    )
    yield (
        "usage events of ten clients of one workspace, charged to both, per second per core, from message to commit",
        f"{run['rebilled_events_per_second_per_core']:,}",
    )
    yield (
        "receipts of four lines per second per core, from the queue's messages to the commit",
        f"{run['receipts_of_four_lines_per_second_per_core']:,}",
    )


def _ledger_rows(run: Run) -> Iterator[tuple[str, str]]:
    clients = run["aws_calls_for_100_clients_of_a_workspace"].values()
    yield (
        (
            "stored bytes per event / per receipt of four lines (smallest possible for the data of an event: "
            f"{run['information_bytes_per_event']})"
        ),
        f"{run['bytes_per_event']} / {run['bytes_per_receipt_of_four_lines']}",
    )
    yield "AWS calls per commit, with 1 or with 10,000 events of one wallet", f"{run['aws_calls_per_commit']}"
    yield (
        "AWS calls for 1,000 events of 100 clients of one workspace, both legs posted",
        f"{max(sum(calls.values()) for calls in clients)}",
    )
    yield (
        "throughput of ten concurrent committers of one wallet, relative to a single one",
        f"{run['contention_ten_together_over_one_alone'] * 100:.0f} %",
    )
    yield (
        "DynamoDB write units per event, at 1 / 10 / 100 / 1,000 / 10,000 events of one wallet in a batch",
        _of_each(run["write_units_per_event"], "g"),
    )
    yield (
        "the same for 1,000 events of 1 / 10 / 100 clients of one workspace, charged to both; and AWS calls in all",
        f"{_of_each(run['write_units_per_event_by_clients'], 'g')}; {_of_each(run['aws_calls_by_clients'], 'g')}",
    )
    yield (
        "read units for the newest 50 transactions of a wallet with 1,000 events / with a million",
        _of_each(run["history_read_units"], "g"),
    )
    yield "AWS calls per access check", f"{run['access_aws_calls']}"
    yield "peak memory at 10,000 messages", f"{run['peak_memory_mb']} MB"


def _other_rows(run: Run) -> Iterator[tuple[str, str]]:
    yield (
        "10,000 messages that take 100 wallets below auto-pay's threshold",
        f"{run['auto_pay_burst_charges']} charges",
    )
    services = {"dynamodb": "DynamoDB", "sqs": "SQS", "stripe": "Stripe"}
    yield (
        (
            "calls per renewed subscription, from its message to its new period with its invoice, at 100 / 1,000 / "
            "10,000 due"
        ),
        ", ".join(f"{renewal_calls(run, service)} {name}" for service, name in services.items()),
    )
    yield (
        "charges for 1,000 due subscriptions in two concurrent runs",
        f"{run['renewals_charges_of_1000_due_by_2_runs_at_once']:,}",
    )
    others = [f"{name}: {_of_each(each, '.0f')} ms" for name, each in run["invoice_pdf_ms_of_others"].items() if each]
    yield (
        f"drawing an invoice's PDF of 1 / 200 lines, warm ({', '.join(others)})",
        f"{_of_each(run['invoice_pdf_ms'], '.0f')} ms",
    )
    yield _overview_row(run)
    yield (
        "a page of the history of a wallet with a million events: its own CPU time, AWS calls",
        f"{run['portal_history_cpu_ms']:.0f} ms, {run['portal_history_aws_calls']}",
    )
    yield (
        "25 of a workspace's 1,000 clients, with balances and margins: its own CPU time, AWS calls, read units",
        (f"{run['clients_page_cpu_ms']:.0f} ms, {run['clients_page_aws_calls']}, {run['clients_page_read_units']:g}"),
    )
    of_bare = run["import_of_bare"]
    yield (
        (
            "importing a function's code, compared with chalice, boto3 and pynamodb alone: `record_usage` / "
            "`charge_payments` / the API"
        ),
        f"{of_bare['record_usage']} / {of_bare['charge_payments']} / {of_bare['api']}",
    )


def _overview_row(run: Run) -> tuple[str, str]:
    measured = f"{run['portal_overview_cpu_ms']:.0f} ms, {run['portal_overview_aws_calls']}"
    first, later = (run[f"portal_overview_{visit}_visit_sent_bytes"] / 1000 for visit in ("first", "later"))
    return (
        "the portal's overview: its own CPU time, AWS calls, bytes as sent at the first visit / at later ones",
        f"{measured}, {first:.1f} / {later:.1f} KB",
    )


def _of_each(figures: Mapping[str, float], form: str) -> str:
    return " / ".join(format(figure, form) for figure in figures.values())
