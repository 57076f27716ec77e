"""Builders with keyword defaults: a test says only what it is about."""

from typing import Any

from chalicelib.auto_pay.auto_pay import AutoPay, ChargedCard
from chalicelib.auto_pay.decision import Situation
from chalicelib.cards.card import Card
from chalicelib.catalog.catalog import catalog
from chalicelib.payments.payment import Failure, Payment

NOW_MS = 1_795_600_000_000
"""A moment on 25 November 2026."""

UNIT = 1_000_000
HOUR_MS = 3_600_000
CARD = Card("pm_1", "visa", "4242", 12, 2030, "print-1", NOW_MS)


def auto_pay(**changes: Any) -> AutoPay:
    """Return auto-pay that is on: below 20 it charges 50, without a limit."""
    fields: dict[str, Any] = {
        "account_id": "acme",
        "enabled": True,
        "threshold_micros": 20 * UNIT,
        "amount_micros": 50 * UNIT,
        "monthly_limit_micros": None,
        "actor": "owner:acme",
        "updated_at_ms": NOW_MS,
        "version": 1,
    }
    return AutoPay(**{**fields, **changes})


def situation(**changes: Any) -> Situation:
    """Return a situation in US dollars with 5 in the wallet and a good card."""
    fields: dict[str, Any] = {
        "currency": "usd",
        "balance_micros": 5 * UNIT,
        "card": CARD,
        "limits": catalog().limits("usd"),
        "now_ms": NOW_MS,
    }
    return Situation(**{**fields, **changes})


def payment(number: int = 1, **changes: Any) -> Payment:
    """Return an auto-pay payment of 50 that has succeeded; `number` makes its id, and its time an hour later."""
    fields: dict[str, Any] = {
        "account_id": "acme",
        "payment_id": f"pay_{number}",
        "kind": "auto_pay",
        "amount_micros": 50 * UNIT,
        "currency": "usd",
        "created_at_ms": NOW_MS + number * HOUR_MS,
        "updated_at_ms": NOW_MS + number * HOUR_MS + 2000,
        "state_at_ms": NOW_MS + number * HOUR_MS + 1000,
        "customer_id": "cus_1",
        "payment_method_id": "pm_1",
        "card_brand": "visa",
        "card_last_four": "4242",
        "actor": "auto-pay",
        "description": "Balance added by auto-pay",
        "state": "succeeded",
        "payment_intent_id": f"pi_{number}",
    }
    return Payment(**{**fields, **changes})


def declined(number: int = 1, code: str = "card_declined", **changes: Any) -> Payment:
    """Return a payment whose card was declined."""
    return payment(number, **{"state": "failed", "failure": Failure(code, "generic_decline", "Declined."), **changes})


def waiting_for(number: int = 1, **changes: Any) -> AutoPay:
    """Return auto-pay that waits for a payment on the good card."""
    charged = ChargedCard(CARD.payment_method_id, CARD.fingerprint)
    return auto_pay(**{"in_flight_payment_id": f"pay_{number}", "charged_card": charged, **changes})
