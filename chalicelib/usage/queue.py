"""The door to the usage queue."""

from functools import cache
from typing import Any

import boto3

from chalicelib.settings import settings


@cache
def client() -> Any:
    """Return the client of SQS, made on first use."""
    return boto3.client("sqs")


def send(body: str) -> None:
    """Put one message on the queue."""
    client().send_message(QueueUrl=settings().usage_queue_url, MessageBody=body)
