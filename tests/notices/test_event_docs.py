"""The schemas in docs/events.md are those of the types that run."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from chalicelib.cards.card import Card
from chalicelib.cards.payer import Payer
from chalicelib.notices.detail import DETAILS
from chalicelib.notices.event import Thresholds, card_event
from chalicelib.payments.payment import DAY_MS
from chalicelib.stripe_api.stripe_account import PLATFORM
from tests.build import TIME_MS
from tests.notices.event_docs import FILE, schema, written
from tests.notices.records import (
    PAUSE,
    auto_pay,
    budgets,
    difference,
    difference_record,
    invoice,
    invoice_record,
    limit_used,
    next_period,
    payment,
    payment_record,
    record,
    repeat,
    repeat_record,
    subscription,
    wallet_record,
)
from tests.notices.told import (
    auto_pay_events,
    budget_events,
    difference_events,
    invoice_events,
    payment_events,
    repeat_events,
    subscription_events,
    wallet_events,
)
from tests.subscriptions.build import account

CARD = Card("pm_1", "visa", "4242", 12, 2026, "print", 0)
LINES = Thresholds(threshold_micros=10_000_000, floor_micros=0)
TOLD = [
    *wallet_events(wallet_record(12, -1), lambda _: LINES),
    *wallet_events(wallet_record(-1, 12), lambda _: LINES),
    *budget_events(record(budgets(), budgets(75))),
    *(
        each
        for state in ("succeeded", "failed", "canceled", "requires_action")
        for each in payment_events(payment_record("created", state))
    ),
    *payment_events(record(payment("succeeded"), payment("succeeded", dispute_status="needs_response"))),
    *auto_pay_events(record(auto_pay(), auto_pay("declines", 3))),
    *(each for percent in (80, 100) for each in auto_pay_events(record(auto_pay(), limit_used(percent)))),
    *subscription_events(record(subscription(), next_period())),
    *subscription_events(record(subscription(), subscription("paused", pause=PAUSE))),
    *subscription_events(record(subscription("paused", pause=PAUSE), subscription())),
    *(
        each
        for status in ("past_due", "unpaid", "canceled")
        for each in subscription_events(record(subscription(), subscription(status)))
    ),
    card_event(Payer(account(), PLATFORM, "cus_1", CARD), CARD, 30),
    *(
        each
        for status in ("active", "trialing")
        for each in subscription_events(
            record(subscription(status), subscription(status, reminded_of_ms=TIME_MS + 30 * DAY_MS))
        )
    ),
    *(each for kind in ("invoice", "credit_note") for each in invoice_events(invoice_record(invoice(kind)))),
    *repeat_events(repeat_record(repeat())),
    *difference_events(difference_record(difference())),
    *difference_events(difference_record(difference(resolved_at_ms=TIME_MS + DAY_MS), difference())),
]


def test_the_document_is_true_to_the_types() -> None:
    text = FILE.read_text()
    assert text == written(text), "run: python -m tests.notices.event_docs"


def test_every_type_of_event_is_among_the_examples() -> None:
    assert {event.type for event in TOLD} == DETAILS.keys()


@pytest.mark.parametrize("event", TOLD, ids=lambda event: str(event.type))
def test_what_is_told_fits_its_schema(event: Any) -> None:
    detail = json.loads(msgspec.json.encode(event.detail))
    described = schema(DETAILS[event.type])
    jsonschema.validate(detail, described)
    assert detail.keys() == described["properties"].keys()


def test_the_example_in_the_document_fits_its_schema() -> None:
    example = json.loads(FILE.read_text().split("```json\n")[2].split("```")[0])
    jsonschema.validate(example["detail"], schema(DETAILS[example["detail-type"]]))
