"""The door to the queue of records that could not be published: for a person to look at, with the record itself."""

import json
from typing import Any, Final

from chalicelib import queues
from chalicelib.settings import settings
from chalicelib.streams import Record

LONGEST_REASON: Final = 1_000
LARGEST: Final = 200_000
"""Characters of a message; SQS takes 256 KiB. Of a record that is larger all is kept but the row as it was and is."""


def put(record: Record, reason: str) -> None:
    """Put a record aside, with the reason."""
    body = _body(record, reason)
    if len(body) > LARGEST:
        place = {name: value for name, value in record["dynamodb"].items() if not name.endswith("Image")}
        body = _body({**record, "dynamodb": place}, reason)
    queues.send(settings().notice_failures_queue_url, body)


def _body(record: Record, reason: str) -> str:
    letter: dict[str, Any] = {"reason": reason[:LONGEST_REASON], "record": record}
    return json.dumps(letter, default=str)
