"""Usage messages as they come in production: nothing in them repeats but what really does."""

import json
import uuid
from random import Random
from typing import Any

from chalicelib.clock import iso

Record = dict[str, Any]


def message(random: Random, account_id: str, time_ms: int) -> str:
    """Return one usage event as JSON: a random UUID, a link with 16 random hex digits, a random phone number."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
            "source": "/messaging",
            "type": "sms",
            "subject": account_id,
            "time": iso(time_ms),
            "data": {
                "quantity": "1",
                "url": f"https://app.example.com/messages/{random.getrandbits(64):016x}",
                "description": f"SMS to +1 {random.randrange(10**10):010d}",
            },
        }
    )


def records(random: Random, account_ids: list[str], count: int, *, end_ms: int, span_ms: int) -> list[Record]:
    """Return SQS records of `count` messages, spread evenly over the wallets and at random over the time."""
    return [
        {
            "messageId": f"{random.getrandbits(128):032x}",
            "receiptHandle": "handle",
            "body": message(random, account_ids[number % len(account_ids)], end_ms - random.randrange(span_ms)),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:usage",
            "awsRegion": "us-east-1",
        }
        for number in range(count)
    ]
