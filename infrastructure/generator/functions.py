"""The overlay over Chalice's own template of each function: entry point, size, source. Pure."""

from collections.abc import Iterator
from typing import Final

from infrastructure.generator.names import (
    API,
    Document,
    attribute,
    camel,
    function_id,
    number,
    queue_id,
    ref,
    sub,
    table_id,
)
from infrastructure.generator.specification import Api, Function, QueueSource, Specification, StreamSource

REPORTS: Final = ["ReportBatchItemFailures"]
OLDEST_RECORD_SECONDS: Final = 6 * 3600
"""For every stream: a record that is not handled by then is put aside, long before DynamoDB drops it after a day."""

START_OF_API: Final[Document] = {
    "SnapStart": {"ApplyOn": {"Fn::If": ["HasApiSnapStart", "PublishedVersions", "None"]}},
    "ProvisionedConcurrencyConfig": {
        "Fn::If": [
            "HasApiProvisionedConcurrency",
            {"ProvisionedConcurrentExecutions": ref("ApiProvisionedConcurrency")},
            ref("AWS::NoValue"),
        ]
    },
}
"""How the API's function starts: people wait for it. Either costs, so both are off unless a parameter is set."""


def functions(specification: Specification) -> Iterator[tuple[str, Document]]:
    """Yield the properties of each function by its logical id."""
    yield function_id(API), {"Properties": {**_entry_and_size(specification.api), **START_OF_API}}
    for name, function in specification.functions.items():
        yield function_id(name), {"Properties": _properties(function_id(name), function)}


def _entry_and_size(function: Api) -> Document:
    return {
        "Handler": function.handler,
        "MemorySize": function.memory_mb,
        "Timeout": function.timeout_seconds,
    }


def _properties(logical_id: str, function: Function) -> Document:
    properties = _entry_and_size(function)
    # The names of the events are those that Chalice gives them.
    if function.queue:
        properties["Events"] = {f"{logical_id}SqsEventSource": {"Properties": _from_queue(function.queue)}}
    if function.stream:
        properties["Events"] = dict(_from_streams(logical_id, function.stream))
    if function.schedule:
        properties["Events"] = {f"{logical_id}Event": {"Properties": {"Schedule": function.schedule}}}
        # No retries: the schedule is due again soon, and that run handles what was left.
        properties["EventInvokeConfig"] = {"MaximumRetryAttempts": 0}
    return properties


def _from_queue(source: QueueSource) -> Document:
    return {
        # With Fn::Sub, as in Chalice's template: the merge would add any other reference beside Chalice's own.
        "Queue": sub(f"${{{queue_id(source.name)}.Arn}}"),
        "BatchSize": source.batch_size,
        **_window(source.window_seconds),
        "FunctionResponseTypes": REPORTS,
        "ScalingConfig": {"MaximumConcurrency": source.concurrency},
    }


def _from_streams(logical_id: str, source: StreamSource) -> Iterator[tuple[str, Document]]:
    """Yield the events of a function by name: Chalice has made the first, and needs its properties alone."""
    first, *others = source.tables
    yield f"{logical_id}DynamodbEventSource", {"Properties": _from_stream(first, source)}
    for table in others:
        event = {"Type": "DynamoDB", "Properties": _from_stream(table, source)}
        yield f"{logical_id}{camel(table)}EventSource", event


def _from_stream(table: str, source: StreamSource) -> Document:
    return {
        "Stream": attribute(table_id(table), "StreamArn"),
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": source.batch_size,
        **_window(source.window_seconds),
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": REPORTS,
        "MaximumRetryAttempts": source.attempts,
        "MaximumRecordAgeInSeconds": OLDEST_RECORD_SECONDS,
        "DestinationConfig": {
            "OnFailure": {"Type": "SQS", "Destination": attribute(queue_id(source.on_failure))},
        },
    }


def _window(seconds: int | str | None) -> Document:
    return {} if seconds is None else {"MaximumBatchingWindowInSeconds": number(seconds)}
