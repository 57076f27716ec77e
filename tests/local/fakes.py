"""A small handler for each kind of source, and messages for it."""

from collections.abc import Callable, Mapping
from typing import Any

from local.aws import Aws
from local.bindings import Binding
from local.resources import SHORT_TIMES, Deployment

Records = list[dict[str, Any]]
Handle = Callable[[Records], Any]
QUICK = {**SHORT_TIMES, "UsageVisibilityTimeout": "1", "UsageMaxReceiveCount": "2"}


def from_queue(handle: Handle, source: Mapping[str, Any]) -> list[Binding]:
    """Bind `handle` to a queue."""
    return [Binding("record_usage", "Queue", lambda event, _context: handle(event["Records"]), 60, source)]


def from_stream(handle: Handle, source: Mapping[str, Any]) -> list[Binding]:
    """Bind `handle` to a stream."""
    return [Binding("watch_wallets", "Stream", lambda event, _context: handle(event["Records"]), 60, source)]


def usage_source(deployment: Deployment) -> Mapping[str, Any]:
    """Return what calls the function that records usage."""
    return deployment.functions["RecordUsage"].event_source


def counts(aws: Aws, url: str) -> tuple[int, int]:
    """Return how many messages of a queue can be received now, and how many are out."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(attributes[names[0]]), int(attributes[names[1]])


def send(aws: Aws, deployment: Deployment, *bodies: str) -> None:
    """Put messages on the usage queue."""
    sqs = aws.client("sqs")
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies[start : start + 10])]
        sqs.send_message_batch(QueueUrl=deployment.usage_queue_url, Entries=entries)
