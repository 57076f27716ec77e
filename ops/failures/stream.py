"""Read given-up records from their stream, and call their function with them."""

import importlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from chalice.local import LambdaContext

from chalicelib.settings import settings
from infrastructure.aliases import ALIAS
from infrastructure.generator.names import function_id, queue_id
from local.stream_source import record as lambda_record
from ops.failures.message import FailureMessage, Position, specified

READ_AT_ONCE: Final = 100
MEMORY_MB: Final = 512
PATIENT: Final = Config(read_timeout=15 * 60, retries={"total_max_attempts": 1})
"""Longer than any function runs: a call whose answer is not waited for would be made again beside the first."""

DOES_NOT_EXIST: Final = "ValidationError"
"""The code of CloudFormation's answer for a resource that a stack does not have."""


class NotReplayed(Exception):
    """The records are gone, or their function failed with them again; the text says which."""


def replay(message: FailureMessage) -> int:
    """Call the function of a message with its records; return how many there were. Raises NotReplayed."""
    if message.function is None or not message.records:
        raise NotReplayed(message.reason if not message.records else "no function gives up records of this table here")
    records = list(_read(message.position)) if message.position else [message.record]
    answer = _call(message.function, {"Records": records})
    failed = [each["itemIdentifier"] for each in (answer or {}).get("batchItemFailures", [])]
    if failed:
        raise NotReplayed(f"{message.function} failed again with {len(failed)} of {len(records)}; its log says why")
    return len(records)


def _read(position: Position) -> Iterator[dict[str, Any]]:
    """Yield records from the first to the last of a position, as Lambda passes them. Raises NotReplayed."""
    streams = boto3.client("dynamodbstreams")
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=position.stream_arn,
            ShardId=position.shard_id,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=position.start_sequence_number,
        )["ShardIterator"]
        while iterator:
            answer = streams.get_records(ShardIterator=iterator, Limit=READ_AT_ONCE)
            for item in answer["Records"]:
                if int(item["dynamodb"]["SequenceNumber"]) > int(position.end_sequence_number):
                    return
                yield lambda_record(item, position.stream_arn)
                if item["dynamodb"]["SequenceNumber"] == position.end_sequence_number:
                    return
            iterator = answer.get("NextShardIterator")
    except ValueError as error:
        raise NotReplayed(f"not a position on a stream: {error}") from error
    except ClientError as error:
        raise NotReplayed(f"the stream has them no more: {error.response['Error']['Code']}") from error
    raise NotReplayed("the stream ends before the last of them")


def _call(name: str, event: dict[str, Any]) -> Any:
    """Call a deployed function, the version that is live; on this machine, where none is deployed, its handler.

    Raises NotReplayed.
    """
    deployed = _deployed_name(name)
    if deployed is None:
        return _call_handler(name, event)
    answer = boto3.client("lambda", config=PATIENT).invoke(
        FunctionName=deployed, Qualifier=ALIAS, Payload=json.dumps(event).encode()
    )
    result = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        raise NotReplayed(f"{name} failed again: {result.get('errorMessage', result)}")
    return result


def _call_handler(name: str, event: dict[str, Any]) -> Any:
    function = specified()[name]
    module, _, handler = function.handler.rpartition(".")
    context = LambdaContext(name, MEMORY_MB, function.timeout_seconds * 1000)
    try:
        return getattr(importlib.import_module(module), handler)(event, context)
    except Exception as error:
        raise NotReplayed(f"{name} failed again: {error!r}") from error


def _deployed_name(name: str) -> str | None:
    """Return the name of a deployed function; None if the stack has none. Raises ClientError if that cannot be told."""
    try:
        found = boto3.client("cloudformation").describe_stack_resource(
            StackName=settings().metrics_namespace, LogicalResourceId=function_id(name)
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != DOES_NOT_EXIST:
            raise
        return None
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def queue_urls(queues: Sequence[str]) -> dict[str, str]:
    """Return the URLs of queues, which are outputs of the stack."""
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName=settings().metrics_namespace)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    return {queue: outputs[f"{queue_id(queue)}Url"] for queue in queues}
