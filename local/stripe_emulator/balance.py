"""Balance transactions: every movement of money, for reconciliation (https://docs.stripe.com/api/balance_transactions)."""

from __future__ import annotations

from local.stripe_emulator.currencies import ZERO_DECIMAL
from local.stripe_emulator.errors import Json
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.listing import listed
from local.stripe_emulator.work import Work

DAYS_UNTIL_AVAILABLE = 2
SECONDS_A_DAY = 86_400
FEE_PER_MILLE = 29
FIXED_FEE = 30
CATEGORIES = {"charge": "charge", "refund": "refund", "refund_failure": "refund_failure", "adjustment": "dispute"}


def move(work: Work, kind: str, source: Json, amount: int, *, fees: list[Json], category: str = "") -> str:
    """Record a movement and return its id. `amount` is signed, in the currency's minor unit."""
    fee = sum(part["amount"] for part in fees)
    movement: Json = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": work.now + DAYS_UNTIL_AVAILABLE * SECONDS_A_DAY,
        "balance_type": "payments",
        "created": work.now,
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees,
        "net": amount - fee,
        "reporting_category": category or CATEGORIES[kind],
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
    work.save(movement)
    identifier: str = movement["id"]
    return identifier


def card_fee(amount: int, currency: str) -> Json:
    """Return Stripe's fee for a card payment: 2.9 % and 30 minor units, rounded half up."""
    fixed = 0 if currency in ZERO_DECIMAL else FIXED_FEE
    return fee((amount * FEE_PER_MILLE + 500) // 1000 + fixed, currency, "Stripe processing fees", "stripe_fee")


def fee(amount: int, currency: str, description: str, kind: str) -> Json:
    """Return one entry of `fee_details`."""
    return {"amount": amount, "application": None, "currency": currency, "description": description, "type": kind}


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a balance transaction."""
    return work.need("balance_transaction", identifier)


def list_all(work: Work, params: Json) -> Json:
    """List the movements of the account's balance."""
    return listed(work, "balance_transaction", params, "/v1/balance_transactions", "currency", "source", "type")
