"""Which events a change of budgets gives."""

from typing import Any

import msgspec
import pytest

from tests.notices.records import budgets, record
from tests.notices.told import budget_events


def test_a_threshold_that_is_newly_told_is_published_with_all_that_a_consumer_needs() -> None:
    (event,) = budget_events(record(budgets(50), budgets(100)))
    assert event.type == "budget.reached"
    assert msgspec.to_builtins(event.detail) == {
        "id": "budget.reached:acme:month/2026-09/100000000/100",
        "version": 1,
        "account_id": "acme",
        "occurred_at": "2026-09-21T14:13:20.000Z",
        "budget_id": "month",
        "meter": None,
        "period": "month",
        "period_start": "2026-09-01T00:00:00.000Z",
        "period_end": "2026-10-01T00:00:00.000Z",
        "percent": 100,
        "limit": "100.00",
        "spent": "80.50",
        "currency": "usd",
        "closes": True,
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, budgets()),
        (budgets(), budgets(limit_micros=5)),
        (budgets(75), budgets(75, close=False)),
        (budgets(75), budgets()),
        (budgets(75), None),
    ],
)
def test_nothing_else_is_published(before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
    assert budget_events(record(before, after)) == []


def test_only_the_limit_itself_closes() -> None:
    for percent, closes in ((75, False), (100, True)):
        (event,) = budget_events(record(None, budgets(percent, meter="sms")))
        told = msgspec.to_builtins(event.detail)
        assert (told["closes"], told["budget_id"], told["meter"]) == (closes, "sms.month", "sms")
