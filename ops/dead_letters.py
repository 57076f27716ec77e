"""The usage messages that could not be posted: look at them, and send them back once the cause is mended."""

from collections.abc import Iterator
from typing import Any

from chalicelib.queues import client
from chalicelib.settings import settings

LOOKING_SECONDS = 30
"""How long a message that was looked at stays hidden from the next look."""

MOVING_SECONDS = 120
WAIT_SECONDS = 1


def queue_urls() -> tuple[str, str]:
    """Return the addresses of the dead-letter queue and of the queue that it belongs to."""
    sqs, usage_queue = client(), settings().usage_queue_url
    attributes = sqs.get_queue_attributes(QueueUrl=usage_queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    name = (
        attributes["RedrivePolicy"]
        .partition("deadLetterTargetArn")[2]
        .partition(",")[0]
        .strip('": }')
        .rpartition(":")[2]
    )
    return sqs.get_queue_url(QueueName=name)["QueueUrl"], usage_queue


def count() -> int:
    """Return about how many dead letters there are."""
    dead_letters, _ = queue_urls()
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = client().get_queue_attributes(QueueUrl=dead_letters, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def look(limit: int) -> Iterator[dict[str, Any]]:
    """Yield up to `limit` dead letters, which stay where they are."""
    dead_letters, _ = queue_urls()
    yield from _receive(dead_letters, limit, LOOKING_SECONDS)


def send_back(limit: int) -> Iterator[dict[str, Any]]:
    """Move up to `limit` dead letters back to the usage queue, and yield each.

    It is sent before it is deleted: cut off in between it is there twice, and charged once.
    """
    sqs = client()
    dead_letters, usage_queue = queue_urls()
    for message in _receive(dead_letters, limit, MOVING_SECONDS):
        sqs.send_message(QueueUrl=usage_queue, MessageBody=message["Body"])
        sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=message["ReceiptHandle"])
        yield message


def _receive(url: str, limit: int, hidden_seconds: int) -> Iterator[dict[str, Any]]:
    sqs, left = client(), limit
    while left > 0:
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(10, left),
            VisibilityTimeout=hidden_seconds,
            WaitTimeSeconds=WAIT_SECONDS,
        )
        messages = answer.get("Messages", [])
        if not messages:
            return
        left -= len(messages)
        yield from messages
