"""A small app with one handler for each kind of source, and messages for it."""

from collections.abc import Callable
from typing import Any

from chalice.app import Chalice

from local.aws import Aws
from local.resources import SHORT_TIMES, Deployment

Records = list[dict[str, Any]]
Handle = Callable[[Records], Any]
QUICK = {**SHORT_TIMES, "UsageVisibilityTimeout": "1", "UsageMaxReceiveCount": "2"}


def queue_app(handle: Handle) -> Chalice:
    """Return an app whose queue handler is `handle`."""
    app = Chalice(app_name="fake")

    @app.on_sqs_message(queue="usage", batch_size=10_000, maximum_batching_window_in_seconds=1, name="record_usage")
    def record_usage(event: Any) -> Any:
        return handle(event.to_dict()["Records"])

    return app


def stream_app(handle: Handle) -> Chalice:
    """Return an app whose stream handler is `handle`."""
    app = Chalice(app_name="fake")

    @app.on_dynamodb_record(stream_arn="arn:aws:dynamodb:::wallets", batch_size=100, name="watch_wallets")
    def watch_wallets(event: Any) -> Any:
        return handle(event.to_dict()["Records"])

    return app


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
