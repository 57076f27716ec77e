"""A metric is a line that CloudWatch counts, under a name that is explained in one place."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest

from chalicelib import metrics
from chalicelib.log import log_context
from chalicelib.metrics import METRICS, count
from tests.environment import use


@pytest.fixture
def namespace(memory: Mapping[str, str]) -> Iterator[str]:
    with use({**memory, "METRICS_NAMESPACE": "billing"}):
        yield "billing"


def written(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_count_is_a_line_in_the_embedded_metric_format(namespace: str, capsys: pytest.CaptureFixture[str]) -> None:
    with log_context(request_id="r1"):
        count("repeats_found", 3, account_id="acme")
    line = written(capsys)
    assert (line["repeats_found"], line["account_id"], line["request_id"]) == (3, "acme", "r1")
    (metric,) = line["_aws"]["CloudWatchMetrics"]
    assert metric == {
        "Namespace": namespace,
        "Dimensions": [[]],
        "Metrics": [{"Name": "repeats_found", "Unit": "Count"}],
    }
    assert isinstance(line["_aws"]["Timestamp"], int)


def test_a_metric_is_counted_apart_by_its_one_dimension_only(
    namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    count("payments_failed", reason="declined", account_id="acme", payment_id="p1")
    (metric,) = written(capsys)["_aws"]["CloudWatchMetrics"]
    assert metric["Dimensions"] == [[], ["reason"]]


def test_without_a_namespace_a_count_is_a_line_of_the_log(
    memory: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with use(memory, without=["METRICS_NAMESPACE"]):
        count("usage_posted", 7)
    line = written(capsys)
    assert line["usage_posted"] == 7
    assert "_aws" not in line


def test_every_name_is_explained_and_no_id_is_a_dimension() -> None:
    assert set(METRICS) == set(get_args(metrics.Name))
    assert {metric.dimension for metric in METRICS.values()} <= {None, "reason"}
