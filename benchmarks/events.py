"""Usage messages as they arrive in production: nothing in them repeats except what really does."""

import json
import uuid
from random import Random
from typing import Any

from chalicelib.clock import iso

Record = dict[str, Any]


def message(random: Random, account_id: str, time_ms: int) -> str:
    """Return one usage event as JSON: a random UUID, a link with 16 random hex digits, a random phone number."""
    data = {
        "quantity": "1",
        "url": f"https://app.example.com/messages/{random.getrandbits(64):016x}",
        "description": f"SMS to +1 {random.randrange(10**10):010d}",
    }
    return _event(random, account_id, time_ms, "/messaging", "sms", data)


def receipt(random: Random, account_id: str, time_ms: int) -> str:
    """Return a call with four parts, three of which last as long as the call."""
    minutes = f"{random.randrange(100_000, 10_000_000) / 1_000_000:.6f}"
    data = {
        "parts": [
            {"meter": "voice_engine_minute", "quantity": minutes},
            {"meter": "llm_minute", "quantity": minutes, "description": "gpt-5-mini"},
            {"meter": "knowledge_lookup", "quantity": "1"},
            {"meter": "telephony_minute", "quantity": minutes},
        ],
        "url": f"https://app.example.com/calls/{random.getrandbits(64):016x}",
        "description": f"Call to +1 {random.randrange(10**10):010d}",
    }
    return _event(random, account_id, time_ms, "/calls", "ai_call", data)


def _event(random: Random, account_id: str, time_ms: int, source: str, meter: str, data: dict[str, Any]) -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
            "source": source,
            "type": meter,
            "subject": account_id,
            "time": iso(time_ms),
            "data": data,
        }
    )


def records(
    random: Random, account_ids: list[str], count: int, *, end_ms: int, span_ms: int, step_ms: int = 0
) -> list[Record]:
    """Return SQS records of `count` messages, spread evenly over the wallets and at random over the time.

    With `step_ms` each is that much older than the one before.
    """
    return [
        _record(
            random,
            message(
                random, account_ids[number % len(account_ids)], end_ms - random.randrange(span_ms) - number * step_ms
            ),
        )
        for number in range(count)
    ]


def receipt_records(random: Random, account_ids: list[str], count: int, *, end_ms: int, span_ms: int) -> list[Record]:
    """Return SQS records of `count` receipts, as `records` does of messages."""
    return [
        _record(random, receipt(random, account_ids[number % len(account_ids)], end_ms - random.randrange(span_ms)))
        for number in range(count)
    ]


def _record(random: Random, body: str) -> Record:
    return {
        "messageId": f"{random.getrandbits(128):032x}",
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:usage",
        "awsRegion": "us-east-1",
    }
