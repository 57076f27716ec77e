"""The door to the queue of records that could not be told: for a person to look at, with the record itself."""

import json
from functools import cache
from typing import Any

import boto3

from chalicelib.notices.stream import Record
from chalicelib.settings import settings


@cache
def client() -> Any:
    """Return the client of SQS, made on first use."""
    return boto3.client("sqs")


def park(record: Record, reason: str) -> None:
    """Put a record aside, with the reason."""
    body = json.dumps({"reason": reason, "record": record}, default=str)
    client().send_message(QueueUrl=settings().notice_failures_queue_url, MessageBody=body)
