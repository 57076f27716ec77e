"""The figures in the README and in the documents are those of the benchmarks' last run, `benchmarks/latest.json`."""

import json
import re
from typing import Any

import pytest

from benchmarks.readme import HEAD, README, renewal_calls, with_figures

ROOT = README.parent
RUN: dict[str, Any] = json.loads((ROOT / "benchmarks/latest.json").read_text())
UNITS_OF_A_THOUSAND = f"{RUN['write_units_per_event']['1000'] * 1000:.0f}"
SENTENCES = [
    ("docs/operating.md", r"take (\d+) units in all", UNITS_OF_A_THOUSAND),
    ("docs/decisions/0001-ledger-by-pages.md", r"\| (\d+) units, one write", UNITS_OF_A_THOUSAND),
    ("docs/subscriptions.md", r"(\d+) calls to DynamoDB, 1 to SQS and 1 to Stripe", renewal_calls(RUN, "dynamodb")),
]


def test_the_readmes_table_is_that_of_the_last_run() -> None:
    text = README.read_text()
    assert HEAD in text
    assert with_figures(text, RUN) == text


def test_another_run_makes_another_table_in_the_same_place() -> None:
    text = README.read_text()
    changed = with_figures(text, {**RUN, "events_per_second_per_core": 1_234_567})
    assert changed.count("1,234,567") == 1
    assert with_figures(changed, RUN) == text


def test_the_overview_is_given_as_it_is_sent() -> None:
    sizes = {"portal_overview_first_visit_sent_bytes": 14_512, "portal_overview_later_visit_sent_bytes": 5_769}
    assert ", 14.5 / 5.8 KB |" in with_figures(README.read_text(), {**RUN, **sizes})


def test_figures_that_depend_on_how_many_are_due_are_no_single_figure() -> None:
    with pytest.raises(ValueError, match="too many values"):
        renewal_calls({**RUN, "renewals_sqs_calls_each_with_100_due": 2.0}, "sqs")


@pytest.mark.parametrize(("path", "pattern", "figure"), SENTENCES)
def test_a_figure_of_a_document_is_that_of_the_last_run(path: str, pattern: str, figure: str) -> None:
    assert re.findall(pattern, (ROOT / path).read_text()) == [figure]
