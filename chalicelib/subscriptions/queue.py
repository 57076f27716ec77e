"""The renewals queue: accounts whose subscription is to be advanced."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from chalicelib import queues
from chalicelib.batches import each
from chalicelib.queues import client
from chalicelib.settings import settings

BATCH: Final = 10
"""Messages that SQS accepts in one call."""


class RenewalMessage(msgspec.Struct, frozen=True):
    """An account whose subscription is to be advanced, and its payment that has changed, if there is one."""

    account_id: str
    payment_id: str | None = None


class NotQueued(Exception):
    """SQS did not accept some of the messages; they are still due, and the next run sends them."""


def send(message: RenewalMessage) -> None:
    """Queue one account. Queuing it twice is harmless."""
    queues.send(settings().renewals_queue_url, msgspec.json.encode(message).decode())


def send_all(messages: Iterable[RenewalMessage]) -> int:
    """Queue messages and return how many. Queuing one twice is harmless: each period is charged once.

    Raises NotQueued at the end if SQS refused any.
    """
    asked, refused = 0, 0

    def send(batch: list[RenewalMessage]) -> None:
        nonlocal asked, refused
        asked += len(batch)
        answer = client().send_message_batch(QueueUrl=settings().renewals_queue_url, Entries=_entries(batch))
        refused += len(answer.get("Failed", []))

    failures = each(
        _batches(messages),
        send,
        message="accounts could not be put on the renewals queue",
        about=lambda batch: {"account_ids": [message.account_id for message in batch]},
    )
    refused += sum(len(failure.item) for failure in failures)
    if refused:
        raise NotQueued(f"{refused} of {asked} messages were not queued")
    return asked


def count_waiting() -> int:
    """Return about how many messages wait."""
    return queues.count_waiting(settings().renewals_queue_url)


def _batches(messages: Iterable[RenewalMessage]) -> Iterator[list[RenewalMessage]]:
    left = iter(messages)
    while batch := list(islice(left, BATCH)):
        yield batch


def _entries(messages: list[RenewalMessage]) -> list[dict[str, Any]]:
    return [
        {"Id": str(place), "MessageBody": msgspec.json.encode(message).decode()}
        for place, message in enumerate(messages)
    ]
