"""Builders of stream records, as Lambda delivers them."""

import base64
import json
import zlib
from itertools import count
from typing import Any

import msgspec

from chalicelib.notices.event import Thresholds
from chalicelib.payments.payment import DAY_MS
from chalicelib.stripe_api.stripe_account import PLATFORM
from tests.build import TIME_MS
from tests.invoices import documents

OWED = {"past_due", "unpaid"}
CARD = {"brand": "visa", "last_four": "4242", "expiry_month": 12, "expiry_year": 2030} | {
    "fingerprint": "print",
    "set_up_at_ms": TIME_MS,
}
AWAITED = {"payment_id": "pay_3", "purpose": "change", "carried_micros": 0} | {
    "terms": {
        "contents": {"plan": "agency"},
        "prices": {"plan_micros": 97_000_000},
        "anchor_ms": TIME_MS,
        "elapsed_months": 1,
        "period_start_ms": TIME_MS,
        "period_end_ms": TIME_MS + 30 * DAY_MS,
    }
}
PENDING = json.dumps(AWAITED)
"""A payment that a subscription waits for, as its row has it."""

PAUSE = json.dumps({"until_ms": TIME_MS + 9 * DAY_MS, "reason": "Closed", "actor": "tester", "at_ms": TIME_MS})
"""A pause, as its row has it."""

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
    return {"B": base64.b64encode(value).decode()} if isinstance(value, bytes) else {"S": value}


def wallet(balance: float, sequence: int = 7, account_id: str = "acme", currency: str = "usd") -> dict[str, Any]:
    """Return a wallet's row."""
    return {
        "account_id": account_id,
        "currency": currency,
        "balance_micros": round(balance * 1_000_000),
        "sequence": sequence,
        "head_hash": b"\x00",
    }


def budgets(percent: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return the row of a budget that closes, of which a threshold was told."""
    told = {"period": "2026-09", "limit_micros": 100_000_000, "percent": percent, "spent_micros": 80_500_000}
    fields: dict[str, Any] = {
        "meter": None,
        "period": "month",
        "limit_micros": 100_000_000,
        "currency": "usd",
        "tell": [50, 75, 100],
        "close": True,
        "actor": "tester",
        "updated_at_ms": TIME_MS,
        "told": {**told, "at_ms": TIME_MS} if percent else None,
    }
    return {"account_id": "acme", "budgets": json.dumps([{**fields, **changes}]), "version": 1}


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
        "state_at_ms": TIME_MS + 1500,
        "customer_id": "cus_1",
        "payment_method_id": "pm_1",
        "actor": "tester",
        "description": "Balance added",
        "card_brand": "visa",
        "card_last_four": "4242",
        "payment_intent_id": "pi_1",
        "failure": json.dumps(failure) if failed else None,
        "attempt": 1,
        "checks": 0,
        "version": 2,
    }
    return {**fields, **changes}


def payment_record(before: str | None, after: str | None, **changes: Any) -> dict[str, Any]:
    """Return the record of a payment that moved on."""
    old, new = (payment(state, **changes) if state else None for state in (before, after))
    return record(old, new, keys=("account_id", "payment_id"))


def subscription(status: str = "active", **changes: Any) -> dict[str, Any]:
    """Return a subscription's row, in its second month."""
    failure = {"code": "expired_card", "decline_code": None, "message": ""}
    fields: dict[str, Any] = {
        "account_id": "acme",
        "currency": "usd",
        "status": status,
        "plan": "agency",
        "add_ons": json.dumps({"phone_number": 3}),
        "prices": json.dumps({"plan_micros": 97_000_000, "add_on_micros": {"phone_number": 1_150_000}}),
        "anchor_ms": TIME_MS - 30 * DAY_MS,
        "elapsed_months": 2,
        "period_start_ms": TIME_MS,
        "period_end_ms": TIME_MS + 30 * DAY_MS,
        "updated_at_ms": TIME_MS + 1500,
        "actor": "tester",
        "carried_micros": 0,
        "attempt": 0,
        "in_use": "{}",
        "paid_payment_id": "pay_1",
        "cancel_at_period_end": False,
        "failure": json.dumps(failure) if status in OWED else None,
        "due_at_ms": TIME_MS + 3 * DAY_MS,
        "version": 5,
    }
    return {**fields, **changes}


def next_period(status: str = "active", **changes: Any) -> dict[str, Any]:
    """Return the same subscription's row a month later, paid by `pay_2`."""
    later = {"period_start_ms": TIME_MS + 30 * DAY_MS, "period_end_ms": TIME_MS + 60 * DAY_MS}
    return subscription(status, **{**later, "paid_payment_id": "pay_2", "version": 6, **changes})


def invoice(kind: str = "invoice", **changes: Any) -> dict[str, Any]:
    """Return a document's row."""
    cause = "pay_1" if kind == "invoice" else "re_1"
    named: dict[str, Any] = {"sequence": 12, "number": "INV-ACME-12", "kind": kind, "cause": cause}
    named |= {"account_id": "acme", "payment_id": "pay_1", "issued_at_ms": TIME_MS + 1500}
    body = {**msgspec.to_builtins(documents.invoice(**named)), **changes}
    return {
        **{name: body[name] for name in (*named, "total_micros", "currency")},
        "document": "document#000000000012",
        "format": 1,
        "body": zlib.compress(msgspec.json.encode(body)),
    }


def invoice_record(new: Image, old: Image = None) -> dict[str, Any]:
    """Return the record of a row of the table of invoices."""
    return record(old, new, keys=("account_id", "document"))


def repeat(state: str = "to_give_back", **changes: Any) -> dict[str, Any]:
    """Return the row of a usage event that was charged again."""
    fields: dict[str, Any] = {
        "account_id": "acme",
        "transaction_id": "txn_later",
        "event_account_id": "acme",
        "source": "/messaging",
        "event_id": "msg-1",
        "occurred_at_ms": TIME_MS + 600_000,
        "original_transaction_id": "txn_first",
        "original_occurred_at_ms": TIME_MS,
        "amount_micros": 50_000,
        "currency": "usd",
        "found_at_ms": TIME_MS + DAY_MS,
        "state": state,
    }
    return {**fields, **changes}


def repeat_record(new: Image, old: Image = None) -> dict[str, Any]:
    """Return the record of a row of the table of repeats."""
    return record(old, new, keys=("account_id", "transaction_id"))


def difference(**changes: Any) -> dict[str, Any]:
    """Return the row of a payment that was missed here."""
    fields: dict[str, Any] = {
        "account_id": "acme",
        "finding_id": "payment#pay_1",
        "kind": "payment",
        "problem": "missed here",
        "found_at_ms": TIME_MS,
        "seen_at_ms": TIME_MS,
        "object_id": "pay_1",
        "payment_id": "pay_1",
        "stripe_ids": json.dumps(["pi_1"]),
        "currency": "usd",
        "stripe_micros": 25_000_000,
        "open_shard": "1",
    }
    return {**fields, **changes}


def difference_record(new: Image, old: Image = None) -> dict[str, Any]:
    """Return the record of a row of the table of findings."""
    return record(old, new, keys=("account_id", "finding_id"))


def auto_pay(reason: str | None = None, failures: int = 0, version: int = 3, **changes: Any) -> dict[str, Any]:
    """Return the row of an account's auto-pay."""
    fields = {"account_id": "acme", "enabled": True, "threshold_micros": 20_000_000, "amount_micros": 50_000_000}
    fields |= {"actor": "tester", "updated_at_ms": TIME_MS, "failures": failures}
    return {**fields, "suspended_reason": reason, "version": version, **changes}


def limit_used(percent: int, **changes: Any) -> dict[str, Any]:
    """Return the row of auto-pay whose charges in September reached a percentage of its limit of 100."""
    use = {"month": "2026-09", "percent": percent, "limit_micros": 100_000_000, "charged_micros": percent * 1_000_000}
    noted = json.dumps({**use, "currency": "usd"})
    return auto_pay(**{"limit_use": noted, "monthly_limit_micros": 100_000_000, **changes})


TEN = Thresholds(threshold_micros=10_000_000, floor_micros=0)


def types(events: list[Any]) -> list[str]:
    return [event.type for event in events]


def card(method: str | None, account_id: str = "acme") -> dict[str, Any]:
    """Return the row of an account's customer and its card, by the id of the payment method; None is no card."""
    saved = json.dumps({**CARD, "payment_method_id": method}) if method else None
    keys = {"account_id": account_id, "stripe_account": PLATFORM.key}
    return {**keys, "stripe_customer_id": "cus_1", "card": saved, "card_changed_at_ms": TIME_MS}


def card_record(before: str | None, after: str | None, account_id: str = "acme") -> dict[str, Any]:
    """Return the record of an account that has another card now."""
    rows = [card(method, account_id) for method in (before, after)]
    return record(*rows, keys=("account_id", "stripe_account"))
