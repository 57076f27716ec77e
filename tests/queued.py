"""What is on a queue."""

from typing import Any

from chalicelib.queues import client


def take_all(url: str) -> list[dict[str, Any]]:
    """Take all messages off a queue, as SQS gives them, in the order in which it does."""
    found: list[dict[str, Any]] = []
    while messages := client().receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            client().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found += messages
    return found


def take_bodies(url: str) -> list[str]:
    """Take all messages off a queue; return their bodies."""
    return [message["Body"] for message in take_all(url)]
