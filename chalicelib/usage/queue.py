"""The door to the usage queue."""

from functools import cache
from typing import Any

import boto3

from chalicelib.settings import settings


@cache
def _client() -> Any:
    return boto3.client("sqs")


def send(body: str) -> None:
    """Put one message on the queue."""
    _client().send_message(QueueUrl=settings().usage_queue_url, MessageBody=body)
