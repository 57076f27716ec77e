"""Builders of stream records, as Lambda delivers them."""

import json
from itertools import count
from typing import Any

from tests.build import TIME_MS

Image = dict[str, Any] | None
_numbers = count(1)


def record(old: Image, new: Image, *, keys: tuple[str, ...] = ("account_id",), **changes: Any) -> dict[str, Any]:
    """Return the record of a row that was `old` and is `new`; plain values become DynamoDB's."""
    row = new or old or {}
    dynamodb: dict[str, Any] = {
        "ApproximateCreationDateTime": TIME_MS / 1000,
        "Keys": typed({name: row[name] for name in keys if name in row}),
        "SequenceNumber": f"{next(_numbers):021d}",
        "SizeBytes": 100,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        **{name: typed(image) for name, image in (("OldImage", old), ("NewImage", new)) if image is not None},
    }
    name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    return {"eventID": "1", "eventName": name, "eventSource": "aws:dynamodb", "dynamodb": {**dynamodb, **changes}}


def typed(image: dict[str, Any]) -> dict[str, Any]:
    """Return an image in DynamoDB's form."""
    return {name: _typed(value) for name, value in image.items()}


def _typed(value: Any) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"B": "AAAA"} if isinstance(value, bytes) else {"S": value}


def wallet(balance: float, sequence: int = 7, account_id: str = "acme", currency: str = "usd") -> dict[str, Any]:
    """Return a wallet's row."""
    return {
        "account_id": account_id,
        "currency": currency,
        "balance_micros": round(balance * 1_000_000),
        "sequence": sequence,
        "head_hash": b"\x00",
    }


def wallet_record(before: float, after: float, sequence: int = 8, account_id: str = "acme") -> dict[str, Any]:
    """Return the record of a balance that moved."""
    return record(wallet(before, sequence - 1, account_id), wallet(after, sequence, account_id))


def payment(state: str, **changes: Any) -> dict[str, Any]:
    """Return a payment's row."""
    failed = state in {"failed", "canceled"}
    failure = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "Your card was declined."}
    fields: dict[str, Any] = {
        "account_id": "acme",
        "payment_id": "pay_1",
        "kind": "top_up",
        "state": state,
        "amount_micros": 25_000_000,
        "currency": "usd",
        "created_at_ms": TIME_MS,
        "updated_at_ms": TIME_MS + 1500,
        "description": "Balance added",
        "card_brand": "visa",
        "card_last_four": "4242",
        "payment_intent_id": "pi_1",
        "failure": json.dumps(failure) if failed else None,
        "version": 2,
    }
    return {**fields, **changes}


def payment_record(before: str | None, after: str | None, **changes: Any) -> dict[str, Any]:
    """Return the record of a payment that moved on."""
    old, new = (payment(state, **changes) if state else None for state in (before, after))
    return record(old, new, keys=("account_id", "payment_id"))


def auto_pay(reason: str | None = None, failures: int = 0, version: int = 3, **changes: Any) -> dict[str, Any]:
    """Return the row of an account's auto-pay."""
    fields = {"account_id": "acme", "enabled": True, "threshold_micros": 20_000_000, "failures": failures}
    return {**fields, "suspended_reason": reason, "version": version, **changes}
