"""Which change of a payment or of auto-pay becomes which events."""

from typing import Any, get_args

import msgspec
import pytest

from chalicelib.auto_pay.auto_pay import SuspendedReason
from chalicelib.clock import iso
from chalicelib.streams import MalformedRecord
from tests.build import TIME_MS
from tests.notices.records import auto_pay, payment, payment_record, record, types
from tests.notices.told import auto_pay_events, payment_events


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, "created", []),
        (None, "succeeded", ["payment.succeeded"]),
        ("created", "processing", []),
        ("created", "requires_action", ["payment.requires_action"]),
        ("requires_action", "requires_action", []),
        ("requires_action", "processing", []),
        ("requires_action", "succeeded", ["payment.succeeded"]),
        ("requires_action", "canceled", ["payment.canceled"]),
        ("processing", "failed", ["payment.failed"]),
        ("failed", "failed", []),
        ("failed", "succeeded", ["payment.succeeded"]),
        ("succeeded", "succeeded", []),
        ("succeeded", None, []),
    ],
)
def test_a_payment_is_told_when_it_comes_to_a_state_that_somebody_waits_for(
    before: str | None, after: str | None, expected: list[str]
) -> None:
    assert types(payment_events(payment_record(before, after))) == expected


def test_a_payment_event_says_what_and_why() -> None:
    (told,) = payment_events(payment_record("processing", "failed", kind="auto_pay"))
    assert msgspec.to_builtins(told.detail) == {
        "id": "payment.failed:acme:pay_1",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS + 1500),
        "payment_id": "pay_1",
        "kind": "auto_pay",
        "state": "failed",
        "amount": "25.00",
        "currency": "usd",
        "description": "Balance added",
        "card": {"brand": "visa", "last_four": "4242"},
        "failure": {
            "code": "card_declined",
            "decline_code": "insufficient_funds",
            "message": "Your card was declined.",
        },
        "payment_intent_id": "pi_1",
        "charge_id": None,
        "stripe_account": None,
    }


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, None, False),
        (None, "needs_response", True),
        ("needs_response", "needs_response", False),
        ("needs_response", "won", True),
        ("lost", "won", True),
    ],
)
def test_a_dispute_is_told_whenever_its_status_moves(before: str | None, after: str | None, told: bool) -> None:
    rows = (payment("succeeded", dispute_status=status, version=4) for status in (before, after))
    events = payment_events(record(*rows))
    assert types(events) == ["payment.disputed"] * told
    for event in events:
        found = msgspec.to_builtins(event.detail)
        assert (found["id"], found["status"]) == ("payment.disputed:acme:pay_1:4", after)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, auto_pay(), []),
        (auto_pay(), auto_pay(failures=1), []),
        (auto_pay(failures=2), auto_pay("declines", 3), ["auto_pay.suspended"]),
        (auto_pay(), auto_pay("authentication", 1), ["auto_pay.suspended"]),
        (auto_pay("declines", 3), auto_pay("declines", 3, version=4), []),
        (auto_pay("declines", 3), auto_pay("card_unusable", 1), ["auto_pay.suspended"]),
        (auto_pay("declines", 3), auto_pay(), []),
        (auto_pay("declines", 3), None, []),
    ],
)
def test_auto_pay_is_told_when_it_is_suspended(before: Any, after: Any, expected: list[str]) -> None:
    assert types(auto_pay_events(record(before, after))) == expected


def test_a_suspension_says_why() -> None:
    (told,) = auto_pay_events(record(auto_pay(failures=2), auto_pay("declines", 3, version=9)))
    assert msgspec.to_builtins(told.detail) == {
        "id": "auto_pay.suspended:acme:9",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS),
        "reason": "declines",
        "failures": 3,
    }


@pytest.mark.parametrize("reason", get_args(SuspendedReason))
def test_every_reason_for_a_suspension_is_told(reason: str) -> None:
    assert types(auto_pay_events(record(auto_pay(), auto_pay(reason, 1)))) == ["auto_pay.suspended"]


def test_a_failure_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(MalformedRecord):
        payment_events(record(payment("processing"), payment("failed", failure="{"), keys=()))
