"""The door to the queue of records that could not be published, each with its reason, for a person to check."""

import json
from typing import Any, Final

from chalicelib import queues
from chalicelib.settings import settings
from chalicelib.streams import Record

LONGEST_REASON: Final = 1_000
LARGEST: Final = 200_000
"""The most characters of a message: at four bytes each they fit in what SQS takes. A larger record is put without its
images of the row."""


def put(record: Record, reason: str, *, queue_url: str | None = None) -> None:
    """Put a record on the queue, or on another one of its kind, with the reason."""
    body = _body(record, reason)
    if len(body) > LARGEST:
        place = {name: value for name, value in record["dynamodb"].items() if not name.endswith("Image")}
        body = _body({**record, "dynamodb": place}, reason)
    queues.send(queue_url or settings().notice_failures_queue_url, body)


def _body(record: Record, reason: str) -> str:
    letter: dict[str, Any] = {"reason": reason[:LONGEST_REASON], "record": record}
    return json.dumps(letter, default=str)
