"""The door to SQS: one client per process, for all queues."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.threads import in_threads

MAXIMUM_ENTRIES: Final = 10
"""Messages in one call."""
MAXIMUM_BYTES: Final = 1_048_576
"""Of one message, and of all messages of a call together; attributes count, with their names and types:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html."""
CALLS_AT_ONCE: Final = 8
"""Below the ten connections that the client keeps."""


class Message(msgspec.Struct, frozen=True):
    """A message to send. Its attributes are strings, none of them empty."""

    body: str
    attributes: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Return the size that SQS counts."""
        texts = [part for name, text in self.attributes.items() for part in (name, "String", text)]
        return sum(len(text.encode(errors="replace")) for text in (self.body, *texts))


@cache
def client() -> Any:
    """Return the client of SQS, made on first use."""
    # Imported here: many functions may send a message, and few of their calls do.
    import boto3  # noqa: PLC0415

    return boto3.Session().client("sqs")


def send(queue_url: str, body: str) -> None:
    """Put one message on a queue."""
    client().send_message(QueueUrl=queue_url, MessageBody=body)


def send_all(queue_url: str, messages: Sequence[Message]) -> dict[int, str]:
    """Put messages on a queue in few calls; return those that SQS did not accept, by index, with its answer.

    The messages of a call without an answer count as not accepted, although they may be on the queue.
    """
    failures: dict[int, str] = {}
    for failed in in_threads(partial(_send_batch, client(), queue_url), _batches(messages), CALLS_AT_ONCE):
        failures |= failed
    return failures


def count_waiting(queue_url: str) -> int:
    """Return about how many messages wait on a queue; those that are being handled, or wait to be retried, do not."""
    name = "ApproximateNumberOfMessages"
    answer = client().get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
    return int(answer["Attributes"][name])


def _batches(messages: Iterable[Message]) -> Iterator[list[tuple[int, Message]]]:
    """Divide messages, with their indexes, into what one call may hold. One that is too large gets its own call."""
    batch: list[tuple[int, Message]] = []
    batch_bytes = 0
    for place, message in enumerate(messages):
        size_bytes = message.size_bytes
        if batch and (len(batch) == MAXIMUM_ENTRIES or batch_bytes + size_bytes > MAXIMUM_BYTES):
            yield batch
            batch, batch_bytes = [], 0
        batch.append((place, message))
        batch_bytes += size_bytes
    if batch:
        yield batch


def _send_batch(sqs: Any, queue_url: str, batch: list[tuple[int, Message]]) -> dict[int, str]:
    entries = [_entry(place, message) for place, message in batch]
    try:
        answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
    except (BotoCoreError, ClientError) as error:
        return {place: str(error) for place, _ in batch}
    return {int(failed["Id"]): f"{failed['Code']}: {failed.get('Message', '')}" for failed in answer.get("Failed", [])}


def _entry(place: int, message: Message) -> dict[str, Any]:
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in message.attributes.items()}
    return {"Id": str(place), "MessageBody": message.body, "MessageAttributes": attributes}
