"""A table's stream as an event source: in order, batch by batch; a batch that fails is retried until it is handled.

The position is kept in a file. A restart of the emulator starts its streams from the beginning, so if the position is
no longer on the stream, reading starts at the oldest record.
"""

import base64
import json
import logging
import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.bindings import Binding
from local.keys import write_private
from local.resources import REGION, client

PAUSE_SECONDS = 0.2
MOST_WAIT_SECONDS = 10.0

_log = logging.getLogger(__name__)


class StreamSource:
    """Polls the stream of one binding until it is told to stop and nothing is left on it."""

    def __init__(self, binding: Binding, endpoint: str, positions: Path) -> None:
        self.binding = binding
        self.arn: str = binding.properties["Stream"]
        self.streams = client("dynamodbstreams", endpoint)
        self.path = positions / f"{binding.name}.json"
        self.window_seconds = max(PAUSE_SECONDS, binding.number("MaximumBatchingWindowInSeconds", 0))
        self.on_failure: str = (
            binding.properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
        )
        self.sqs = client("sqs", endpoint) if self.on_failure else None
        self.iterator: str | None = None
        self.shard_id = ""

    def run(self, stopping: threading.Event) -> None:
        """Handle the records in order. Once `stopping` is set, handle the remaining records without retries."""
        while True:
            batch = self._read()
            done = self._handle(batch, stopping)
            if done:
                self._remember(batch[done - 1])
            if stopping.is_set() and (not batch or done < len(batch)):
                return
            if not batch:
                stopping.wait(self.window_seconds)

    def _handle(self, batch: Sequence[dict[str, Any]], stopping: threading.Event) -> int:
        """Handle a batch, with retries; return how many records, from the first, were handled or given up."""
        done = attempts = 0
        size = len(batch)
        most = self.binding.number("MaximumRetryAttempts", -1)
        oldest_seconds = self.binding.number("MaximumRecordAgeInSeconds", -1)
        while done < len(batch):
            part = batch[done : done + size]
            handled = self._call(part)
            done += handled
            if handled == len(part):
                size, attempts = len(batch), 0
                continue
            attempts += 1
            is_too_old = 0 <= oldest_seconds < age_seconds(part[handled])
            if self.binding.properties.get("BisectBatchOnFunctionError") and size > 1:
                size = (size + 1) // 2
            elif is_too_old or 0 <= most < attempts:
                self._give_up(part[handled:], "RecordAgeExceeded" if is_too_old else "RetryAttemptsExhausted")
                done += len(part) - handled
                attempts = 0
            if stopping.wait(min(MOST_WAIT_SECONDS, PAUSE_SECONDS * 2**attempts)):
                break
        return done

    def _call(self, batch: Sequence[dict[str, Any]]) -> int:
        """Call the handler once; return how many records, from the first, it handled."""
        try:
            answer = self.binding.call({"Records": [record(item, self.arn) for item in batch]})
        except Exception:  # noqa: BLE001 - Lambda's side of the call: whatever a handler raises, its batch is retried.
            _log.exception("%s failed; its %d records come back", self.binding.name, len(batch))
            return 0
        if not self.binding.reports_item_failures():
            return len(batch)
        failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures", ())}
        numbers = [item["dynamodb"]["SequenceNumber"] for item in batch]
        return min((numbers.index(number) if number in numbers else 0 for number in failed), default=len(batch))

    def _give_up(self, records: Sequence[dict[str, Any]], condition: str) -> None:
        """Skip records; send their position to the failure queue, if the template names one."""
        _log.error("%s gave up on %d records", self.binding.name, len(records))
        if self.sqs is not None:
            queue = self.sqs.get_queue_url(QueueName=self.on_failure.rsplit(":", 1)[-1])["QueueUrl"]
            self.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(self._failure(records, condition)))

    def _failure(self, records: Sequence[dict[str, Any]], condition: str) -> dict[str, Any]:
        """Return what Lambda reports about records that it gave up: their position, not their content.

        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        """
        first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
        return {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": f"arn:aws:lambda:{REGION}:000000000000:function:{self.binding.name}",
                "condition": condition,
                "approximateInvokeCount": self.binding.number("MaximumRetryAttempts", 0) + 1,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "DDBStreamBatchInfo": {
                "shardId": self.shard_id,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": first["ApproximateCreationDateTime"].isoformat(),
                "approximateArrivalOfLastRecord": last["ApproximateCreationDateTime"].isoformat(),
                "batchSize": len(records),
                "streamArn": self.arn,
            },
        }

    def _read(self) -> list[dict[str, Any]]:
        if self.iterator is None:
            self.iterator = self._first_iterator()
        limit = self.binding.number("BatchSize", 100)
        try:
            answer = self.streams.get_records(ShardIterator=self.iterator, Limit=limit)
        except (self.streams.exceptions.ExpiredIteratorException, self.streams.exceptions.TrimmedDataAccessException):
            self.iterator = None
            return []
        self.iterator = answer.get("NextShardIterator")
        return list(answer["Records"])

    def _first_iterator(self) -> str:
        self.shard_id = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"][0]["ShardId"]
        position = json.loads(self.path.read_text()) if self.path.exists() else {}
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        if position.get("stream") == self.arn:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position["sequence"]}
        try:
            answer = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=self.shard_id, **start)
        except self.streams.exceptions.TrimmedDataAccessException:
            answer = self.streams.get_shard_iterator(
                StreamArn=self.arn, ShardId=self.shard_id, ShardIteratorType="TRIM_HORIZON"
            )
        return str(answer["ShardIterator"])

    def _remember(self, item: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        position = {"stream": self.arn, "sequence": item["dynamodb"]["SequenceNumber"]}
        write_private(self.path, json.dumps(position))


def age_seconds(item: dict[str, Any]) -> float:
    """Return how old a record of a stream is."""
    written: datetime = item["dynamodb"]["ApproximateCreationDateTime"]
    return (datetime.now(UTC) - written).total_seconds()


def record(item: dict[str, Any], arn: str) -> dict[str, Any]:
    """Return a stream's record in the form in which Lambda passes it to a function: all of it JSON."""
    lambda_record: dict[str, Any] = _json({**item, "eventSource": "aws:dynamodb", "awsRegion": REGION})
    return {**lambda_record, "eventSourceARN": arn}


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    return value
