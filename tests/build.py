"""Builders with keyword defaults: a test says only what it is about."""

import json
from typing import Any

from chalicelib.clock import iso, now_ms
from chalicelib.ledger.transaction import Entry

TIME_MS = 1_790_000_000_000
"""A moment in September 2026, for tests to which it does not matter."""


def debit(number: int = 1, **changes: Any) -> Entry:
    """Return a usage debit; `number` makes its id, and its time a second later than the one before."""
    fields: dict[str, Any] = {
        "occurred_at_ms": TIME_MS + number * 1000,
        "source": "/messaging",
        "event_id": f"event-{number}",
        "type": "debit",
        "kind": "usage",
        "amount_micros": 50_000,
        "meter": "sms",
        "quantity_micros": 1_000_000,
        "unit_price_micros": 50_000,
    }
    return Entry(**{**fields, **changes})


def credit(number: int = 1, **changes: Any) -> Entry:
    """Return a top-up credit."""
    fields: dict[str, Any] = {
        "occurred_at_ms": TIME_MS + number * 1000,
        "source": "/payments",
        "event_id": f"pay_{number}",
        "type": "credit",
        "kind": "top_up",
        "amount_micros": 25_000_000,
        "payment_id": f"pay_{number}",
    }
    return Entry(**{**fields, **changes})


def event(account_id: str, number: int = 1, *, data: Any = None, **changes: Any) -> dict[str, Any]:
    """Return a usage event, as a producer writes it."""
    fields: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": "/messaging",
        "type": "sms",
        "subject": account_id,
        "time": iso(now_ms() - 60_000),
        "data": {"quantity": "1", "url": f"https://app.example.com/messages/{number}"} if data is None else data,
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not ...}


def sqs_record(body: Any, message_id: str = "message-1") -> dict[str, Any]:
    """Return a record as Lambda hands it over; a body that is not text is written as JSON."""
    return {"messageId": message_id, "body": body if isinstance(body, str) else json.dumps(body)}
