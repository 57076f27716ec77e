"""The figures in the README and in the documents are those of the benchmarks' last run, `benchmarks/latest.json`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
RUN: dict[str, Any] = json.loads((ROOT / "benchmarks/latest.json").read_text())
CELLS = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE))


def per_batch(figure: str) -> str:
    return " / ".join(f"{value:g}" for value in RUN[figure].values())


def per_renewal(door: str) -> str:
    (calls,) = {RUN[f"renewals_{door}_calls_each_with_{due}_due"] for due in (100, 1000, 10000)}
    return f"{calls:g}"


def others_ms(name: str) -> str:
    return " / ".join(f"{value:.0f}" for value in RUN["invoice_pdf_ms_of_others"][name].values())


TABLE = {
    "usage events per second per core, from": f"{RUN['events_per_second_per_core']:,}",
    "the same with a row, a marker and": f"{RUN['naive_events_per_second_per_core']:,}",
    "postings with two legs per second": f"{RUN['posted_pairs_per_second_per_core']:,}",
    "receipts of four lines per second": f"{RUN['receipts_of_four_lines_per_second_per_core']:,}",
    "stored bytes per event": f"{RUN['bytes_per_event']} / {RUN['bytes_per_receipt_of_four_lines']}",
    "AWS calls per commit": f"{RUN['aws_calls_per_commit']}",
    "AWS calls for 1,000 events of 100 clients": (
        f"{max(sum(each.values()) for each in RUN['aws_calls_for_100_clients_of_a_workspace'].values())}"
    ),
    "throughput of ten concurrent committers": f"{RUN['contention_ten_together_over_one_alone'] * 100:.0f} %",
    "DynamoDB write units per event": per_batch("write_units_per_event"),
    "read units for the newest 50 transactions": per_batch("history_read_units"),
    "AWS calls per access check": f"{RUN['access_aws_calls']}",
    "peak memory at 10,000 messages": f"{RUN['peak_memory_mb']} MB",
    "10,000 messages that take 100 wallets": f"{RUN['auto_pay_burst_charges']} charges",
    "calls per renewed subscription": (
        f"{per_renewal('dynamodb')} DynamoDB, {per_renewal('sqs')} SQS, {per_renewal('stripe')} Stripe"
    ),
    "charges for 1,000 due subscriptions": f"{RUN['renewals_charges_of_1000_due_by_2_runs_at_once']:,}",
    "drawing an invoice's PDF of 1 / 200 lines, warm "
    f"(fpdf2: {others_ms('fpdf2')} ms, weasyprint: {others_ms('weasyprint')} ms)": (
        f"{RUN['invoice_pdf_ms']['1']:.0f} / {RUN['invoice_pdf_ms']['200']:.0f} ms"
    ),
    "the portal's overview": (
        f"{RUN['portal_overview_cpu_ms']:.0f} ms, {RUN['portal_overview_aws_calls']}, "
        f"{RUN['portal_overview_bytes_with_styles_and_script'] / 1024:.0f} KB"
    ),
    "a page of the history": f"{RUN['portal_history_cpu_ms']:.0f} ms, {RUN['portal_history_aws_calls']}",
    "importing a function's code": (
        f"{RUN['import_of_bare']['record_usage']} / {RUN['import_of_bare']['charge_payments']} "
        f"/ {RUN['import_of_bare']['api']}"
    ),
}
"""What the cell is, by the beginning of the row."""

UNITS_OF_A_THOUSAND = f"{RUN['write_units_per_event']['1000'] * 1000:.0f}"
SENTENCES = [
    ("docs/operating.md", r"take (\d+) units in all", UNITS_OF_A_THOUSAND),
    ("docs/decisions/0001-ledger-by-pages.md", r"\| (\d+) units, one write", UNITS_OF_A_THOUSAND),
    ("docs/subscriptions.md", r"(\d+) calls to DynamoDB, 1 to SQS and 1 to Stripe", per_renewal("dynamodb")),
]


@pytest.mark.parametrize("row", TABLE)
def test_a_figure_of_the_readme_is_that_of_the_last_run(row: str) -> None:
    assert [cell for name, cell in CELLS.items() if name.startswith(row)] == [TABLE[row]]


def test_the_readme_shows_no_figure_that_no_run_gives() -> None:
    table = (ROOT / "README.md").read_text().partition("| figure | value |")[2].partition("\n\n")[0]
    assert table.count("\n") == len(TABLE) + 1


@pytest.mark.parametrize(("path", "pattern", "figure"), SENTENCES)
def test_a_figure_of_a_document_is_that_of_the_last_run(path: str, pattern: str, figure: str) -> None:
    assert re.findall(pattern, (ROOT / path).read_text()) == [figure]
