"""What Stripe sends, and the rows that keep it."""

import json
from typing import Any

import requests

from chalicelib.webhooks.table import WebhookEventRow
from tests.api import NOBODY, Api
from tests.payments.payer import Payer, signed

CREATE = "/v1/payment_intents"


def send(api: Api, event: Any, *, signature: str | None = None) -> requests.Response:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    header = signed(body) if signature is None else signature
    headers = {"Stripe_Signature": header} if header else {}
    return api.call("POST", "/webhooks/stripe", body, token=NOBODY, **headers)


def row(event: dict[str, Any]) -> WebhookEventRow:
    return WebhookEventRow.get(event["id"], consistent_read=True)


def succeeded(payer: Payer) -> dict[str, Any]:
    (event,) = [event for event in payer.events if event["type"] == "payment_intent.succeeded"]
    return event


def intent_event(payment_id: str, account_id: str, **changes: Any) -> dict[str, Any]:
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "succeeded",
        "amount": 2500,
        "amount_received": 2500,
        "currency": "usd",
        "customer": "cus_1",
        "latest_charge": "ch_1",
        "metadata": {"payment_id": payment_id, "account_id": account_id},
        **changes,
    }
    return {
        "id": f"evt_{payment_id}_{len(changes)}",
        "type": "payment_intent.succeeded",
        "created": 1790000000,
        "data": {"object": intent},
    }
