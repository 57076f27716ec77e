"""Builders with keyword defaults: a test passes only the values that it is about."""

import json
from itertools import count
from typing import Any

from chalicelib.accounts.account import Account
from chalicelib.clock import iso, now_ms
from chalicelib.ledger.posting import Content, Identity, Leg, Line, Part, Posting

_numbers = count(1)

TIME_MS = 1_790_000_000_000
"""A moment in September 2026, for tests that do not depend on the time."""


def account(account_id: str, currency: str = "usd", workspace_id: str | None = None) -> Account:
    """Return an account: a client if it has a workspace."""
    return Account(
        account_id=account_id,
        kind="client" if workspace_id else "workspace",
        workspace_id=workspace_id,
        name="Acme",
        email="billing@acme.example",
        currency=currency,
        locale="en",
        country=None,
        billing_details=None,
        created_at_ms=now_ms(),
    )


def debit(number: int = 1, account_id: str = "acme", **changes: Any) -> Posting:
    """Return the posting of a usage debit; `number` determines its id and its time, one second apart."""
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
    return posting(account_id, **{**fields, **changes})


def credit(number: int = 1, account_id: str = "acme", **changes: Any) -> Posting:
    """Return the posting of a top-up."""
    fields: dict[str, Any] = {
        "occurred_at_ms": TIME_MS + number * 1000,
        "source": "/payments",
        "event_id": f"pay_{number}",
        "type": "credit",
        "kind": "top_up",
        "amount_micros": 25_000_000,
        "payment_id": f"pay_{number}",
    }
    return posting(account_id, **{**fields, **changes})


def pair(number: int = 1, client: str = "client", workspace: str = "agency", **changes: Any) -> Posting:
    """Return the posting of a client's usage debit of 0.07 that costs its workspace 0.05."""
    posted = debit(number, client, amount_micros=70_000, unit_price_micros=70_000, **changes)
    cost = Leg(workspace, "debit", 50_000, 50_000)
    return Posting(posted.identity, posted.content, (*posted.legs, cost))


def receipt(number: int = 1, account_id: str = "acme", **changes: Any) -> Posting:
    """Return the posting of a call with four parts, one of which is free."""
    lines = (
        Line("voice_engine_minute", 8_717, 871_667, 10_000),
        Line("llm_minute", 17_433, 871_667, 20_000, "gpt-5-mini"),
        Line("knowledge_lookup", 0, 1_000_000, 0),
        Line("telephony_minute", 12_203, 871_667, 14_000),
    )
    fields: dict[str, Any] = {
        "meter": "ai_call",
        "source": "/calls",
        "quantity_micros": None,
        "unit_price_micros": None,
        "amount_micros": sum(line.amount_micros for line in lines),
        "lines": lines,
        "parts": tuple(Part(line.meter, line.quantity_micros, None, line.description) for line in lines),
    }
    return debit(number, account_id, **{**fields, **changes})


def posting(account_id: str, *, actor: str | None = None, **fields: Any) -> Posting:
    """Return a posting with one leg, from the fields of its identity, content and leg."""
    identity = {name: fields.pop(name) for name in ("source", "event_id", "occurred_at_ms")}
    leg = {name: fields.pop(name) for name in ("type", "amount_micros", "unit_price_micros", "lines") if name in fields}
    if fields.get("quantity_micros") is None and not fields.get("parts"):
        fields["amount_micros"] = fields.pop("sent_amount_micros", leg["amount_micros"])
    return Posting(Identity(account_id, **identity), Content(**fields), (Leg(account_id, **leg),), actor)


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
    """Return a record as Lambda passes it; a body that is not text is written as JSON."""
    return {"messageId": message_id, "body": body if isinstance(body, str) else json.dumps(body)}


def unique(prefix: str) -> str:
    """Return a name that no other test of this run has."""
    return f"{prefix}-{next(_numbers)}"
