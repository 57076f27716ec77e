"""The dashboard: money, usage, queues, functions and the API, as one page of CloudWatch. Pure.

Three widgets to a row. Amounts are not here: the ledger proves them, and metrics are only counts.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from chalicelib.metrics import Name
from infrastructure.generator.gateway import STAGE_NAME
from infrastructure.generator.names import API, DEAD_LETTERS, Document, function_id, queue_id, sub
from infrastructure.generator.specification import Specification

STACK: Final = "${AWS::StackName}"
PERIOD_SECONDS: Final = 300
COLUMNS: Final = 3
WIDTH: Final = 8
HEIGHT: Final = 6

Line = list[Any]
MONEY: Final[tuple[Name, ...]] = ("payments_succeeded", "payments_failed", "auto_pay_suspended")
WEBHOOKS: Final[tuple[Name, ...]] = (
    "webhooks_received",
    "webhooks_refused",
    "webhooks_unsigned",
    "webhooks_parked",
    "sweeper_resolved",
)
PROOFS: Final[tuple[Name, ...]] = (
    "verify_differences",
    "verify_failures",
    "reconcile_differences",
    "reconcile_failures",
    "repeats_found",
)
USAGE: Final[tuple[Name, ...]] = ("usage_posted", "usage_refused")


def dashboard(specification: Specification) -> Iterator[tuple[str, Document]]:
    """Yield the dashboard by its logical id."""
    graphs = list(_graphs(specification))
    places = [(WIDTH * (place % COLUMNS), HEIGHT * (place // COLUMNS)) for place in range(len(graphs))]
    widgets = [
        {**graph, "x": x, "y": y, "width": WIDTH, "height": HEIGHT}
        for graph, (x, y) in zip(graphs, places, strict=True)
    ]
    body = json.dumps({"widgets": widgets}, separators=(",", ":"))
    properties = {"DashboardName": sub(STACK), "DashboardBody": sub(body)}
    yield "Dashboard", {"Type": "AWS::CloudWatch::Dashboard", "Properties": properties}


def _graphs(specification: Specification) -> Iterator[Document]:
    functions = [API, *specification.functions]
    streams = [name for name, function in specification.functions.items() if function.stream]
    waiting = [name + DEAD_LETTERS for name in specification.queues] + list(specification.failure_queues)
    yield _graph("Payments", _counts(MONEY))
    yield _graph("Webhooks, and what came without them", _counts(WEBHOOKS))
    yield _graph("What does not add up (0 is good)", _counts(PROOFS))
    yield _graph("Usage", _counts(USAGE))
    yield _graph("Usage messages waiting", _of_queues("ApproximateNumberOfMessagesVisible", ["usage"]))
    yield _graph(
        "Oldest message, seconds", _of_queues("ApproximateAgeOfOldestMessage", specification.queues), "Maximum"
    )
    yield _graph(
        "Waiting for a person (0 is good)", _of_queues("ApproximateNumberOfMessagesVisible", waiting), "Maximum"
    )
    yield _graph("Behind their streams, ms", _of_functions("IteratorAge", streams), "Maximum")
    yield _graph("Functions that failed (0 is good)", _of_functions("Errors", functions))
    yield _graph("Functions throttled (0 is good)", _of_functions("Throttles", functions))
    yield _graph("Longest run, ms", _of_functions("Duration", functions), "Maximum")
    yield _graph("Running at once", _of_functions("ConcurrentExecutions", functions), "Maximum")
    yield _graph("API: requests and refusals", _of_api("Count", "4XXError", "5XXError"))
    yield _graph("API: 99 of 100 answers within, ms", _of_api("Latency", "IntegrationLatency"), "p99")
    yield _graph("API: half of the answers within, ms", _of_api("Latency", "IntegrationLatency"), "p50")


def _graph(title: str, lines: Sequence[Line], statistic: str = "Sum") -> Document:
    properties = {
        "title": title,
        "view": "timeSeries",
        "region": "${AWS::Region}",
        "stat": statistic,
        "period": PERIOD_SECONDS,
        "metrics": lines,
    }
    return {"type": "metric", "properties": properties}


def _counts(names: Iterable[str]) -> list[Line]:
    return [[STACK, name] for name in names]


def _of_queues(metric: str, names: Iterable[str]) -> list[Line]:
    return [["AWS/SQS", metric, "QueueName", f"${{{queue_id(name)}.QueueName}}", {"label": name}] for name in names]


def _of_functions(metric: str, names: Iterable[str]) -> list[Line]:
    return [["AWS/Lambda", metric, "FunctionName", f"${{{function_id(name)}}}", {"label": name}] for name in names]


def _of_api(*metrics: str) -> list[Line]:
    return [["AWS/ApiGateway", metric, "ApiName", STACK, "Stage", STAGE_NAME] for metric in metrics]
