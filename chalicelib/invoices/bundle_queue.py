"""The door to the bundles queue: bundles to be made by its function."""

import msgspec

from chalicelib import queues
from chalicelib.settings import settings


class BundleMessage(msgspec.Struct, frozen=True):
    """A bundle to be made."""

    account_id: str
    year: int


def send(message: BundleMessage) -> None:
    """Put a bundle on the queue. Sending it twice is harmless: one that is stored is not made again."""
    queues.send(settings().bundles_queue_url, msgspec.json.encode(message).decode())
