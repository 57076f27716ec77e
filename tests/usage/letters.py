"""The dead letters of usage, taken out of their queue."""

from itertools import count
from typing import Any

from chalicelib.queues import client
from chalicelib.usage.dead_letters import DeadLetter
from local.resources import Deployment

_numbers = count(1)


def take_dead_letters(stack: Deployment) -> list[DeadLetter]:
    """Take all dead letters that are there."""
    return [
        DeadLetter(
            body=message["Body"],
            **{name: each["StringValue"] for name, each in message.get("MessageAttributes", {}).items()},
        )
        for message in received(stack.environment["USAGE_DEAD_LETTERS_QUEUE_URL"])
    ]


def letter(body: str = "{}", **changes: Any) -> DeadLetter:
    number = next(_numbers)
    fields: dict[str, Any] = {
        "reason": "conflict",
        "detail": "the same id was posted with other content",
        "account_id": "acme",
        "source": "/messaging",
        "event_id": f"event-{number}",
        "message_id": f"message-{number}",
    }
    return DeadLetter(body=body, **{**fields, **changes})


def received(url: str) -> list[dict[str, Any]]:
    """Take all messages from a queue."""
    found: list[dict[str, Any]] = []
    while (
        messages := client()
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        .get("Messages")
    ):
        for message in messages:
            client().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found += messages
    return found
