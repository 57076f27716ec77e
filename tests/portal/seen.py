"""What the rules of the first page look at, with defaults for everything: an account that lacks nothing."""

from typing import Any

from msgspec.structs import replace

from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import catalog
from chalicelib.ledger.transaction import Transaction
from chalicelib.payments.payment import DAY_MS, Payment
from chalicelib.portal.banners.snapshot import AutoPayStatus, Snapshot
from chalicelib.portal.words import Words
from chalicelib.stripe_api.stripe_account import PLATFORM
from tests.auto_pay.build import CARD, NOW_MS, UNIT
from tests.build import account, credit
from tests.payments import build

ENGLISH = Words("en-US")


def payer(**changes: Any) -> Payer:
    fields: dict[str, Any] = {
        "account": account("acme"),
        "stripe_account": PLATFORM,
        "customer_id": "cus_1",
        "card": replace(CARD, set_up_at_ms=NOW_MS - 30 * DAY_MS),
    }
    return Payer(**{**fields, **changes})


def snapshot(**changes: Any) -> Snapshot:
    fields: dict[str, Any] = {
        "now_ms": NOW_MS,
        "payer": payer(),
        "provider": "Example",
        "limits": catalog().limits("usd"),
        "balance_micros": 40 * UNIT,
        "is_new": False,
        "auto_pay": AutoPayStatus(),
    }
    return Snapshot(**{**fields, **changes})


def payment(state: str, *, hours_ago: int = 1, **changes: Any) -> Payment:
    at_ms = NOW_MS - hours_ago * 3_600_000
    times = {"created_at_ms": at_ms, "updated_at_ms": at_ms, "state_at_ms": at_ms}
    return build.payment(state=state, payment_id=f"pay_{state}_{hours_ago}", **{**times, **changes})


def transaction(type: str = "credit", **changes: Any) -> Transaction:
    """Return a transaction of a wallet, as the ledger reads it."""
    posting = credit(**{"type": type, **changes})
    (leg,) = posting.legs
    return Transaction(
        id="txn_1",
        currency="usd",
        sequence=1,
        balance_after_micros=25 * UNIT,
        posted_at_ms=NOW_MS,
        identity=posting.identity,
        content=posting.content,
        leg=leg,
    )
