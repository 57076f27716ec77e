"""Payments and what Stripe says of their intents, with defaults for everything."""

from typing import Any

from chalicelib.payments.intent import Intent
from chalicelib.payments.payment import Payment


def payment(**changes: Any) -> Payment:
    fields: dict[str, Any] = {
        "account_id": "acme",
        "payment_id": "pay_1",
        "kind": "top_up",
        "amount_micros": 25_000_000,
        "currency": "usd",
        "created_at_ms": 1_790_000_000_000,
        "updated_at_ms": 1_790_000_000_000,
        "state_at_ms": 1_790_000_000_000,
        "customer_id": "cus_1",
        "payment_method_id": "pm_1",
        "card_brand": "visa",
        "card_last_four": "4242",
        "actor": "tester",
        "description": "Balance added by card",
    }
    return Payment(**{**fields, **changes})


def intent(**changes: Any) -> Intent:
    fields: dict[str, Any] = {
        "id": "pi_1",
        "status": "succeeded",
        "amount_minor": 2500,
        "amount_received_minor": 2500,
        "currency": "usd",
        "customer_id": "cus_1",
        "metadata": {"account_id": "acme", "payment_id": "pay_1"},
        "charge_id": "ch_1",
    }
    return Intent(**{**fields, **changes})
