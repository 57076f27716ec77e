"""The door to the usage queue."""

from chalicelib import queues
from chalicelib.settings import settings


def send(body: str) -> None:
    """Put one message on the queue."""
    queues.send(settings().usage_queue_url, body)
