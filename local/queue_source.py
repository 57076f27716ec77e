"""A queue's event source: gathers batches of messages and calls the handler, as Lambda's pollers do.

Handled messages are deleted; the others are delivered again when the queue's visibility timeout has passed. If the
handler raises, none of its batch was handled.

When deployed, that timeout is several times the time limit of the function. Here it is short, so that messages reach
the dead-letter queue soon. Messages are therefore received with a visibility timeout as long as the function may run,
and the queue's own timeout starts when the function has failed.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from local.bindings import Binding
from local.resources import REGION, client

MOST_WORKERS = 4
"""The most batches handled at once on one machine, whatever the template allows."""
MOST_BYTES = 6 * 1024 * 1024
"""Lambda's limit for the payload of one invocation."""
PER_CALL = 10
"""The most messages that SQS receives or deletes in one call."""

_log = logging.getLogger(__name__)


class QueueSource:
    """Polls the queue of one binding until it is told to stop."""

    def __init__(self, binding: Binding, endpoint: str) -> None:
        self.binding = binding
        self.arn: str = binding.properties["Queue"]
        scaling = binding.properties.get("ScalingConfig", {})
        self.workers = min(int(scaling.get("MaximumConcurrency", MOST_WORKERS)), MOST_WORKERS)
        self.sqs = client("sqs", endpoint, connections=self.workers)
        self.url: str = self.sqs.get_queue_url(QueueName=self.arn.rsplit(":", 1)[-1])["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["VisibilityTimeout"])
        self.visibility_seconds = int(attributes["Attributes"]["VisibilityTimeout"])
        self.window_seconds = binding.number("MaximumBatchingWindowInSeconds", 0)
        self.held_seconds = max(self.visibility_seconds, self.window_seconds + binding.timeout_seconds)
        self._receiving = threading.Lock()

    def run(self, stopping: threading.Event) -> None:
        """Handle batches until `stopping` is set; batches in progress are finished."""
        workers = [threading.Thread(target=self._work, args=(stopping,)) for _ in range(self.workers)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _work(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            # They receive in turn, so that an empty queue is asked by one of them alone.
            with self._receiving:
                messages = [] if stopping.is_set() else self._gather(stopping)
            if messages:
                self.deliver(messages)

    def _gather(self, stopping: threading.Event) -> list[dict[str, Any]]:
        """Receive until the batch is full or the window, which begins with the first message, has passed."""
        batch_size = self.binding.number("BatchSize", PER_CALL)
        messages = self._receive(min(batch_size, PER_CALL), wait_seconds=1)
        deadline = time.monotonic() + self.window_seconds
        size = _size(messages)
        while messages and len(messages) < batch_size and size < MOST_BYTES and time.monotonic() < deadline:
            more = self._receive(min(batch_size - len(messages), PER_CALL), wait_seconds=0)
            messages += more
            size += _size(more)
            if not more and stopping.wait(0.05):
                break
        return messages

    def _receive(self, most: int, wait_seconds: int) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=self.held_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def deliver(self, messages: Sequence[dict[str, Any]]) -> None:
        """Call the handler with one batch and delete what it handled."""
        try:
            answer = self.binding.call({"Records": [record(message, self.arn) for message in messages]})
        except Exception:  # noqa: BLE001 - Lambda's side of the call: whatever a handler raises, its batch is retried.
            _log.exception("%s failed; its %d messages come back", self.binding.name, len(messages))
            self._give_back(messages)
            return
        ids = {message["MessageId"] for message in messages}
        failed = failures(answer, ids) if self.binding.reports_item_failures() else set()
        if failed:
            _log.warning("%s failed %d of %d messages", self.binding.name, len(failed), len(messages))
        self._delete([message for message in messages if message["MessageId"] not in failed])
        self._give_back([message for message in messages if message["MessageId"] in failed])

    def _delete(self, messages: Sequence[dict[str, Any]]) -> None:
        for entries in _entries(messages):
            self._report(self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries))

    def _give_back(self, messages: Sequence[dict[str, Any]]) -> None:
        for entries in _entries(messages, VisibilityTimeout=self.visibility_seconds):
            self._report(self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries))

    def _report(self, answer: dict[str, Any]) -> None:
        for failure in answer.get("Failed", []):
            _log.warning("a message of %s came back too early: %s", self.binding.name, failure["Message"])


def record(message: dict[str, Any], arn: str) -> dict[str, Any]:
    """Return a received message in the form in which Lambda passes it to a function."""
    lambda_record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }
    if "MD5OfMessageAttributes" in message:
        lambda_record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return lambda_record


def failures(answer: Any, ids: set[str]) -> set[str]:
    """Return the ids that a partial batch response names as failed.

    Nothing, or an empty list, is success. A response that is malformed or names an unknown message fails the batch:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    if not answer:
        return set()
    try:
        failed = {item["itemIdentifier"] for item in answer.get("batchItemFailures") or ()}
    except (AttributeError, KeyError, TypeError):
        return ids
    return ids if failed - ids else failed


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    lambda_value = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if "StringValue" in value:
        lambda_value["stringValue"] = value["StringValue"]
    return lambda_value


def _size(messages: Sequence[dict[str, Any]]) -> int:
    return sum(len(message["Body"]) for message in messages)


def _entries(messages: Sequence[dict[str, Any]], **fields: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the entries of batch calls for messages, as many for each call as SQS accepts."""
    for start in range(0, len(messages), PER_CALL):
        part = messages[start : start + PER_CALL]
        yield [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"], **fields}
            for index, message in enumerate(part)
        ]
