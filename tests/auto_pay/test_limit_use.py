"""What is noted of the monthly limit: 80 % and all of it, each once for a month and a limit."""

from typing import Any

import pytest

from chalicelib.auto_pay.auto_pay import AutoPay, LimitUse
from chalicelib.auto_pay.decision import Charge, Decision, Wait
from chalicelib.auto_pay.monthly_limit import note_limit_use
from tests.auto_pay.build import NOW_MS, UNIT, auto_pay, situation

FULL: Decision = Wait("above_threshold")
REFUSED: Decision = Wait("monthly_limit_reached", NOW_MS + 1)


def limited(limit: int | None = 100, **changes: Any) -> AutoPay:
    return auto_pay(monthly_limit_micros=limit and limit * UNIT, **changes)


def noted(paying: AutoPay, charged: int, decision: Decision = FULL, now_ms: int = NOW_MS) -> AutoPay:
    return note_limit_use(paying, decision, situation(charged_this_month_micros=charged * UNIT, now_ms=now_ms))


def use(percent: Any, charged: int, limit: int = 100, month: str = "2026-11") -> LimitUse:
    charged_micros, limit_micros = charged * UNIT, limit * UNIT
    return LimitUse(
        month=month, percent=percent, limit_micros=limit_micros, charged_micros=charged_micros, currency="usd"
    )


@pytest.mark.parametrize(
    ("charged", "decision", "expected"),
    [
        (79, FULL, None),
        (80, FULL, use(80, 80)),
        (99, Charge(UNIT), use(80, 99)),
        (100, FULL, use(100, 100)),
        (90, REFUSED, use(100, 90)),
        (0, REFUSED, use(100, 0)),
    ],
)
def test_what_of_the_limit_is_reached_is_noted(charged: int, decision: Decision, expected: LimitUse | None) -> None:
    assert noted(limited(), charged, decision).limit_use == expected


@pytest.mark.parametrize(
    "paying",
    [limited(None), limited(enabled=False), limited(in_flight_payment_id="pay_1")],
    ids=["none", "off", "wait"],
)
def test_nothing_is_noted_without_a_limit_when_off_or_while_a_refill_may_fail(paying: AutoPay) -> None:
    assert noted(paying, 100) == paying


def test_each_is_noted_once_for_a_month_and_a_limit() -> None:
    near = noted(limited(), 80)
    assert noted(near, 95) == near
    full = noted(near, 100)
    assert full.limit_use == use(100, 100)
    assert noted(full, 100, REFUSED) == full
    raised = noted(limited(200, limit_use=full.limit_use), 100)
    assert raised.limit_use == full.limit_use
    assert noted(raised, 160).limit_use == use(80, 160, 200)
    december = noted(full, 80, now_ms=NOW_MS + 10 * 24 * 3_600_000)
    assert december.limit_use == use(80, 80, month="2026-12")
