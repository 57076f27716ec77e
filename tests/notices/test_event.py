"""Which stream record becomes which events."""

import json
from typing import Any, get_args

import msgspec
import pytest

from chalicelib.auto_pay.auto_pay import SuspendedReason
from chalicelib.clock import iso
from chalicelib.invoices import table as invoices
from chalicelib.notices.detail import DETAILS, MEANINGS
from chalicelib.notices.event import (
    DOCUMENTS,
    Lines,
    auto_pay_events,
    invoice_events,
    payment_events,
    repeat_events,
    subscription_events,
    wallet_events,
)
from chalicelib.notices.stream import MalformedRecord
from chalicelib.payments.payment import DAY_MS
from tests.build import TIME_MS
from tests.notices.records import (
    auto_pay,
    invoice,
    invoice_record,
    next_period,
    payment,
    payment_record,
    record,
    repeat,
    repeat_record,
    subscription,
    wallet,
    wallet_record,
)

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


ANEW: Any = {"anchor_ms": TIME_MS + 9 * DAY_MS, "period_start_ms": TIME_MS + 9 * DAY_MS}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, subscription("incomplete"), []),
        (None, subscription("trialing"), []),
        (subscription("incomplete"), subscription(**ANEW), []),
        (subscription("canceled"), subscription(**ANEW), []),
        (subscription(), subscription(plan="studio"), []),
        (subscription(), subscription(**ANEW), []),  # a change that begins a new period is no renewal
        (subscription(), subscription(pending="{}"), []),
        (subscription(), next_period(), ["subscription.renewed"]),
        (subscription("trialing"), next_period(), ["subscription.renewed"]),
        (subscription("past_due"), next_period(), ["subscription.renewed"]),
        (subscription("unpaid"), next_period(), ["subscription.renewed"]),
        (subscription(), next_period("past_due"), ["subscription.renewed", "subscription.past_due"]),
        (subscription(), subscription("past_due"), ["subscription.past_due"]),
        (subscription("trialing"), subscription("past_due"), ["subscription.past_due"]),
        (subscription("past_due"), subscription("past_due"), []),
        (subscription("past_due"), subscription("unpaid"), ["subscription.unpaid"]),
        (subscription("unpaid"), subscription("unpaid", pending="{}"), []),
        (subscription(), subscription(cancel_at_period_end=True), []),
        (subscription(cancel_at_period_end=True), subscription("canceled"), ["subscription.canceled"]),
        (subscription("past_due"), subscription("canceled"), ["subscription.canceled"]),
        (subscription("canceled"), subscription("canceled"), []),
        (subscription(), None, []),
    ],
)
def test_a_subscription_is_told_when_it_is_renewed_or_somebody_must_act(
    before: Any, after: Any, expected: list[str]
) -> None:
    assert types(subscription_events(record(before, after))) == expected


def test_a_renewal_says_what_for_how_long_and_by_which_payment() -> None:
    (told,) = subscription_events(record(subscription(), next_period()))
    assert msgspec.to_builtins(told.detail) == {
        "id": "subscription.renewed:acme:6",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS + 1500),
        "status": "active",
        "plan": "agency",
        "add_ons": {"phone_number": 3},
        "currency": "usd",
        "period_start": iso(TIME_MS + 30 * DAY_MS),
        "period_end": iso(TIME_MS + 60 * DAY_MS),
        "payment_id": "pay_2",
        "failure": None,
        "next_attempt_at": None,
        "access_until": None,
        "sequence": 6,
    }


def test_a_renewal_that_cost_nothing_names_no_payment() -> None:
    (told,) = subscription_events(record(subscription(), next_period(paid_payment_id="pay_1")))
    assert msgspec.to_builtins(told.detail)["payment_id"] is None


BANK = json.dumps({"code": "card_declined", "decline_code": "authentication_required", "message": ""})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, iso(TIME_MS + 3 * DAY_MS)),
        ({"failure": BANK}, None),  # only the customer can help: that day it is given up
        ({"pending": "{}"}, None),  # another card is being tried
    ],
)
def test_what_is_owed_says_why_and_when_it_is_tried_again(changes: dict[str, Any], expected: str | None) -> None:
    (told,) = subscription_events(record(subscription(), subscription("past_due", **changes)))
    detail = msgspec.to_builtins(told.detail)
    assert detail["next_attempt_at"] == expected
    assert detail["failure"]["code"] in {"expired_card", "card_declined"}


def test_a_subscription_that_is_unpaid_says_when_access_closes() -> None:
    closes_ms = TIME_MS + 10 * DAY_MS
    (told,) = subscription_events(record(subscription("past_due"), subscription("unpaid", access_until_ms=closes_ms)))
    detail = msgspec.to_builtins(told.detail)
    assert (detail["access_until"], detail["next_attempt_at"]) == (iso(closes_ms), None)


def test_add_ons_that_cannot_be_read_are_malformed() -> None:
    with pytest.raises(MalformedRecord):
        subscription_events(record(subscription(), subscription("canceled", add_ons="{")))


def test_a_document_is_told_when_it_is_issued() -> None:
    (told,) = invoice_events(invoice_record(invoice("credit_note")))
    assert msgspec.to_builtins(told.detail) == {
        "id": "invoice.issued:acme:12",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS + 1500),
        "number": "INV-ACME-12",
        "kind": "credit_note",
        "total": "25.00",
        "currency": "usd",
        "payment_id": "pay_1",
        "cause": "re_1",
        "sequence": 12,
    }


@pytest.mark.parametrize(
    "told",
    [
        invoice_record({"account_id": "acme", "document": "counter", "sequence": 12}),
        invoice_record({"account_id": "acme", "document": "cause#pay_1", "sequence": 12, "number": "INV-ACME-12"}),
        invoice_record({"account_id": "acme", "document": "brand", "color": "#7a3e9d"}),
        invoice_record(invoice(), invoice()),
        invoice_record(None, invoice()),
    ],
)
def test_nothing_else_in_the_table_of_invoices_is_an_event(told: Any) -> None:
    assert invoice_events(told) == []


def test_a_document_is_known_by_its_key() -> None:
    assert DOCUMENTS == invoices.DOCUMENTS


def test_a_document_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(MalformedRecord):
        invoice_events(invoice_record(invoice(total_micros="much")))


def test_a_repeat_that_was_found_is_told_with_both_times() -> None:
    (told,) = repeat_events(repeat_record(repeat()))
    assert (told.type, told.at_ms) == ("usage.repeated", TIME_MS + DAY_MS)
    assert msgspec.to_builtins(told.detail) == {
        "id": "usage.repeated:acme:txn_later",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS + DAY_MS),
        "transaction_id": "txn_later",
        "original_transaction_id": "txn_first",
        "source": "/messaging",
        "event_id": "msg-1",
        "time": iso(TIME_MS + 600_000),
        "original_time": iso(TIME_MS),
        "amount": "0.05",
        "currency": "usd",
        "gives_back": True,
    }


def test_a_repeat_that_stays_charged_says_so_and_giving_one_back_is_no_second_event() -> None:
    (told,) = repeat_events(repeat_record(repeat("found")))
    assert msgspec.to_builtins(told.detail)["gives_back"] is False
    assert repeat_events(repeat_record(repeat("given_back"), repeat())) == []


def test_a_repeat_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(MalformedRecord):
        repeat_events(repeat_record(repeat(amount_micros="much")))


def test_the_same_record_twice_gives_the_same_events() -> None:
    for tell, given in (
        (lambda each: wallet_events(each, lambda _: TEN), wallet_record(12, -1)),
        (payment_events, payment_record("created", "succeeded")),
        (auto_pay_events, record(auto_pay(), auto_pay("declines", 3))),
        (subscription_events, record(subscription(), next_period("past_due"))),
        (invoice_events, invoice_record(invoice())),
        (repeat_events, repeat_record(repeat())),
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
