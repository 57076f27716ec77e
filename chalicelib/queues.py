"""The door to SQS: one client a process, for all queues."""

from functools import cache
from typing import Any

import boto3


@cache
def client() -> Any:
    """Return the client of SQS, made on first use."""
    return boto3.client("sqs")


def send(queue_url: str, body: str) -> None:
    """Put one message on a queue."""
    client().send_message(QueueUrl=queue_url, MessageBody=body)
