"""What auto-pay charges a card as soon as it is the default."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.auto_pay.auto_pay import ChargedCard
from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.auto_pay.new_card import ANOTHER, is_refill_with_any_card, refill_with
from chalicelib.catalog.catalog import catalog
from tests.auto_pay.build import CARD, HOUR_MS, NOW_MS, UNIT, auto_pay, payment, situation
from tests.portal.seen import payer

CHARGED = ChargedCard(CARD.payment_method_id, CARD.fingerprint)
FAILED: dict[str, Any] = {"failures": 1, "failed_at_ms": NOW_MS, "charged_card": CHARGED}
BACKING_OFF: dict[str, Any] = {**FAILED, "next_attempt_at_ms": NOW_MS + HOUR_MS}


def snapshot(card: Any = CARD, now: dict[str, Any] | None = None, **changes: Any) -> Snapshot:
    return Snapshot(payer(card=card), auto_pay(**changes), [], situation(card=card, **(now or {})))


HELD_BY = ("pay_1/dispute",)
DISPUTED = replace(
    snapshot(held_by=HELD_BY, objections=HELD_BY),
    reversed_payments=[payment(1, dispute_status="needs_response", card_fingerprint=CARD.fingerprint)],
)


@pytest.mark.parametrize(
    ("found", "micros", "is_any"),
    [
        (snapshot(None), 50 * UNIT, True),
        (snapshot(**BACKING_OFF), 50 * UNIT, False),
        (snapshot(**FAILED, suspended_reason="declines"), 50 * UNIT, False),
        (snapshot(**FAILED, suspended_reason="card_unusable"), 50 * UNIT, True),
        (snapshot(None, **BACKING_OFF), 50 * UNIT, False),
        (DISPUTED, 50 * UNIT, False),
        (snapshot(replace(CARD, expiry_year=2020)), 50 * UNIT, True),
        (snapshot(None, {"balance_micros": -40 * UNIT}), 100 * UNIT, True),
    ],
)
def test_a_card_is_charged_where_auto_pay_waits_for_one(found: Snapshot, micros: int, is_any: bool) -> None:
    assert refill_with(found, ANOTHER, catalog()) == micros
    assert is_refill_with_any_card(found, catalog()) is is_any


@pytest.mark.parametrize(
    "found",
    [
        snapshot(None, {"balance_micros": 20 * UNIT}),
        snapshot(None, enabled=False),
        snapshot(None, {"connected": False}),
        snapshot(None, monthly_limit_micros=10 * UNIT),
        replace(snapshot(in_flight_payment_id="pay_1"), payments=[payment(1, state="processing")]),
    ],
)
def test_a_card_is_not_charged_where_auto_pay_waits_for_something_else(found: Snapshot) -> None:
    assert refill_with(found, ANOTHER, catalog()) is None


def test_the_same_card_saved_again_is_not_charged_while_auto_pay_backs_off() -> None:
    again = replace(CARD, payment_method_id="pm_2")
    assert refill_with(snapshot(**BACKING_OFF), again, catalog()) is None
