"""The overlay over Chalice's own template of each function: entry point, size, source. Pure."""

from collections.abc import Iterator
from typing import Final

from infrastructure.generator import encryption
from infrastructure.generator.names import (
    API,
    Document,
    attribute,
    camel,
    function_id,
    log_group_id,
    log_group_name,
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
    """Yield the properties of each function, and of its log group, by logical id."""
    yield function_id(API), {"Properties": {**_entry_and_size(API, specification.api), **START_OF_API}}
    yield log_group_id(API), _log_group(API)
    for name, function in specification.functions.items():
        yield function_id(name), {"Properties": _properties(name, function)}
        yield log_group_id(name), _log_group(name)
    yield from encryption.key_policies(specification)


def _entry_and_size(name: str, function: Api) -> Document:
    properties: Document = {
        "Handler": function.handler,
        "MemorySize": function.memory_mb,
        "Timeout": function.timeout_seconds,
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": ref(log_group_id(name))},
    }
    if function.reserved:
        reserved = {"Fn::If": [f"Has{function.reserved}", ref(function.reserved), encryption.NOTHING]}
        properties["ReservedConcurrentExecutions"] = reserved
    return properties


def _log_group(name: str) -> Document:
    """Name the group by the stack: a name made from the function's own might be shortened, and the policies miss it."""
    return {"Properties": {"LogGroupName": sub(log_group_name(name)), "KmsKeyId": encryption.of_setting()}}


def _properties(name: str, function: Function) -> Document:
    logical_id, properties = function_id(name), _entry_and_size(name, function)
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
