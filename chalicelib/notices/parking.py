"""The door to the queue of records that could not be told: for a person to look at, with the record itself."""

import json

from chalicelib import queues
from chalicelib.notices.stream import Record
from chalicelib.settings import settings


def park(record: Record, reason: str) -> None:
    """Put a record aside, with the reason."""
    body = json.dumps({"reason": reason, "record": record}, default=str)
    queues.send(settings().notice_failures_queue_url, body)
