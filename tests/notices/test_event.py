"""Which stream record becomes which events."""

from typing import Any, get_args

import msgspec
import pytest

from chalicelib.auto_pay.auto_pay import SuspendedReason
from chalicelib.clock import iso
from chalicelib.notices.detail import DETAILS, MEANINGS
from chalicelib.notices.event import Lines, auto_pay_events, payment_events, wallet_events
from chalicelib.notices.stream import MalformedRecord
from tests.build import TIME_MS
from tests.notices.records import auto_pay, payment, payment_record, record, wallet, wallet_record

TEN = Lines(threshold_micros=10_000_000, floor_micros=0)


def types(events: list[Any]) -> list[str]:
    return [event.type for event in events]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (12, 11, []),
        (12, 10, []),
        (12, 9.999999, ["wallet.low"]),
        (9, 8, []),
        (9, 0.000001, []),
        (9, 0, ["wallet.exhausted"]),
        (9, -3, ["wallet.exhausted"]),
        (0, -3, []),
        (12, 0, ["wallet.low", "wallet.exhausted"]),
        (12, -3, ["wallet.low", "wallet.exhausted"]),
        (-3, 0, []),
        (-3, 5, ["wallet.restored"]),
        (-3, 10, ["wallet.restored"]),
        (5, 9, []),
        (5, 10, ["wallet.restored"]),
        (10, 12, []),
        (12, 12, []),
    ],
)
def test_each_line_that_a_balance_crosses_is_told_once(before: float, after: float, expected: list[str]) -> None:
    assert types(wallet_events(wallet_record(before, after), lambda _: TEN)) == expected


@pytest.mark.parametrize(
    ("threshold", "floor", "after", "expected"),
    [
        (0, 0, 0, ["wallet.exhausted"]),
        (0, -5, -1, ["wallet.low"]),
        (-10, -5, -5, ["wallet.exhausted"]),
        (500, 0, 12, []),
    ],
)
def test_a_threshold_at_or_below_the_floor_leaves_no_room_for_low(
    threshold: int, floor: int, after: float, expected: list[str]
) -> None:
    lines = Lines(threshold * 1_000_000, floor * 1_000_000)
    assert types(wallet_events(wallet_record(13, after), lambda _: lines)) == expected


def test_a_wallet_event_says_where_the_balance_stands() -> None:
    (told,) = wallet_events(wallet_record(12, 4.5, sequence=417), lambda _: TEN)
    assert msgspec.to_builtins(told.detail) == {
        "id": "wallet.low:acme:417",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS),
        "balance": "4.50",
        "currency": "usd",
        "threshold": "10.00",
        "floor": "0.00",
        "level": "low",
        "previous_level": "normal",
        "sequence": 417,
    }


def test_a_new_wallet_is_no_event() -> None:
    assert wallet_events(record(None, wallet(0, 0)), lambda _: TEN) == []


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
        ("succeeded", "refunded", []),
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


def test_the_same_record_twice_gives_the_same_events() -> None:
    for tell, given in (
        (lambda each: wallet_events(each, lambda _: TEN), wallet_record(12, -1)),
        (payment_events, payment_record("created", "succeeded")),
        (auto_pay_events, record(auto_pay(), auto_pay("declines", 3))),
    ):
        once, twice = tell(given), tell({**given, "eventID": "another delivery"})
        assert once == twice
        assert once


def test_two_crossings_of_a_line_have_two_ids() -> None:
    records = [wallet_record(12, 9, sequence=5), wallet_record(12, 9, sequence=9)]
    ids = [event.detail.id for each in records for event in wallet_events(each, lambda _: TEN)]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    "broken",
    [
        record(wallet(12), {**wallet(9), "balance_micros": "much"}),
        record(wallet(12), {"account_id": "acme"}),
        record(None, wallet(9)) | {"eventName": "MODIFY"},
        record(wallet(12), wallet(9), ApproximateCreationDateTime=None),
        record(wallet(12), wallet(9), NewImage={"account_id": "acme"}),
    ],
)
def test_a_record_that_does_not_fit_its_table_is_malformed(broken: Any) -> None:
    with pytest.raises(MalformedRecord):
        wallet_events(broken, lambda _: TEN)


def test_a_failure_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(MalformedRecord):
        payment_events(record(payment("processing"), payment("failed", failure="{"), keys=()))


def test_every_type_of_event_has_a_meaning() -> None:
    assert DETAILS.keys() == MEANINGS.keys()
