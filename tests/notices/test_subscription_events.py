"""Which change of a subscription becomes which events."""

import json
from typing import Any

import msgspec
import pytest

from chalicelib.clock import iso
from chalicelib.payments.payment import DAY_MS
from chalicelib.streams import MalformedRecord
from tests.build import TIME_MS
from tests.notices.records import PAUSE, PENDING, next_period, record, subscription, types
from tests.notices.told import subscription_events

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
        (subscription(), subscription(pending=PENDING), []),
        (subscription(), next_period(), ["subscription.renewed"]),
        (subscription("trialing"), next_period(), ["subscription.renewed"]),
        (subscription("past_due"), next_period(), ["subscription.renewed"]),
        (subscription("unpaid"), next_period(), ["subscription.renewed"]),
        (subscription(), next_period("past_due"), ["subscription.renewed", "subscription.past_due"]),
        (subscription(), subscription("past_due"), ["subscription.past_due"]),
        (subscription("trialing"), subscription("past_due"), ["subscription.past_due"]),
        (subscription("past_due"), subscription("past_due"), []),
        (subscription("past_due"), subscription("unpaid"), ["subscription.unpaid"]),
        (subscription("unpaid"), subscription("unpaid", pending=PENDING), []),
        (subscription(), subscription(cancel_at_period_end=True), []),
        (subscription(cancel_at_period_end=True), subscription("canceled"), ["subscription.canceled"]),
        (subscription("past_due"), subscription("canceled"), ["subscription.canceled"]),
        (subscription(), subscription(pause=PAUSE), []),  # to come
        (subscription(pause=PAUSE), subscription("paused", pause=PAUSE), ["subscription.paused"]),
        (subscription("paused", pause=PAUSE), subscription("paused", plan="studio", pause=PAUSE), []),
        (subscription("paused", pause=PAUSE), subscription(pending=PENDING), ["subscription.resumed"]),
        (
            subscription("paused", pause=PAUSE),
            subscription("past_due"),
            ["subscription.resumed", "subscription.past_due"],
        ),
        (subscription("paused", pause=PAUSE), subscription(**ANEW), ["subscription.resumed", "subscription.renewed"]),
        (subscription("paused", pause=PAUSE), subscription("canceled"), ["subscription.canceled"]),
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
        "cancellation": None,
        "pause": None,
        "sequence": 6,
    }


def test_a_pause_says_until_when_and_why() -> None:
    (told,) = subscription_events(record(subscription(pause=PAUSE), subscription("paused", pause=PAUSE)))
    assert msgspec.to_builtins(told.detail)["pause"] == {"until": iso(TIME_MS + 9 * DAY_MS), "reason": "Closed"}


def test_a_renewal_that_cost_nothing_names_no_payment() -> None:
    (told,) = subscription_events(record(subscription(), next_period(paid_payment_id="pay_1")))
    assert msgspec.to_builtins(told.detail)["payment_id"] is None


BANK = json.dumps({"code": "card_declined", "decline_code": "authentication_required", "message": ""})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, iso(TIME_MS + 3 * DAY_MS)),
        ({"failure": BANK}, None),  # only the customer can help: that day it is given up
        ({"pending": PENDING}, None),  # another card is being tried
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


def test_its_end_tells_what_its_owner_said_and_nothing_else_does() -> None:
    said = json.dumps({"reason": "unused", "comment": "We moved.", "actor": "owner:acme", "at_ms": TIME_MS})
    before = subscription(cancel_at_period_end=True, cancellation=said)
    (told,) = subscription_events(record(before, subscription("canceled", cancellation=said)))
    assert msgspec.to_builtins(told.detail)["cancellation"] == {"reason": "unused", "comment": "We moved."}
    (ended,) = subscription_events(record(subscription(), subscription("canceled")))
    assert msgspec.to_builtins(ended.detail)["cancellation"] is None
    (renewed,) = subscription_events(record(before, next_period(cancellation=said)))
    assert msgspec.to_builtins(renewed.detail)["cancellation"] is None


def test_add_ons_that_cannot_be_read_are_malformed() -> None:
    with pytest.raises(MalformedRecord):
        subscription_events(record(subscription(), subscription("canceled", add_ons="{")))
