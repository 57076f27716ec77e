"""When a subscription is reminded of: 30 days before a year is charged and 3 before a trial ends, once, if it is."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.subscriptions.period import trial_period
from chalicelib.subscriptions.reminder import is_reminder_due, note_reminder, reminder_at_ms, upcoming_charge
from chalicelib.subscriptions.subscription import Contents, Pause, Subscription
from tests.subscriptions.build import DAY_MS, START_MS, pending, subscription

YEARLY = subscription("agency_yearly")
YEAR_ENDS_MS = YEARLY.terms.period_end_ms
HOUR_MS = 3_600_000


def trial(days: int = 14, **changes: Any) -> Subscription:
    made = subscription("solo", status="trialing", trial_end_ms=START_MS + days * DAY_MS)
    terms = trial_period(made.terms.contents, made.terms.prices, START_MS, START_MS + days * DAY_MS)
    return replace(made, terms=terms, due_at_ms=terms.period_end_ms, **changes)


def noted(of: Subscription, now_ms: int) -> int | None:
    return note_reminder(of, catalog(), now_ms, None).reminded_of_ms


def test_a_year_is_reminded_of_30_days_ahead_and_a_trial_3_days() -> None:
    assert reminder_at_ms(YEARLY, START_MS) == YEAR_ENDS_MS - 30 * DAY_MS
    assert reminder_at_ms(trial(), START_MS) == START_MS + 11 * DAY_MS
    assert noted(YEARLY, YEAR_ENDS_MS - 30 * DAY_MS - 1) is None
    assert noted(YEARLY, YEAR_ENDS_MS - 30 * DAY_MS) == YEAR_ENDS_MS
    assert noted(trial(), START_MS + 11 * DAY_MS) == START_MS + 14 * DAY_MS


def test_a_run_that_is_late_still_reminds_of_what_is_to_come_and_of_nothing_that_is_over() -> None:
    assert noted(YEARLY, YEAR_ENDS_MS - DAY_MS) == YEAR_ENDS_MS
    assert noted(YEARLY, YEAR_ENDS_MS) is None


@pytest.mark.parametrize(
    "of",
    [
        subscription("agency"),
        replace(YEARLY, cancel_at_period_end=True),
        replace(YEARLY, status="past_due"),
        replace(YEARLY, status="canceled"),
        replace(YEARLY, pending=pending(YEARLY)),
        replace(YEARLY, reminded_of_ms=YEAR_ENDS_MS),
        trial(3),
    ],
    ids=["month", "canceled", "owing", "ended", "pending", "reminded", "short trial"],
)
def test_of_others_nobody_is_reminded(of: Subscription) -> None:
    assert reminder_at_ms(of, START_MS) is None
    assert noted(of, of.terms.period_end_ms - HOUR_MS) == of.reminded_of_ms


@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_year_after_a_pause_is_reminded_of_30_days_before_the_pause_ends(status: Any) -> None:
    until_ms = YEAR_ENDS_MS + 60 * DAY_MS
    paused = replace(
        YEARLY, status=status, pause=Pause(until_ms, None, "tester", START_MS), reminded_of_ms=YEAR_ENDS_MS
    )
    assert reminder_at_ms(paused, START_MS) == until_ms - 30 * DAY_MS
    assert noted(paused, until_ms - 30 * DAY_MS - 1) == YEAR_ENDS_MS
    assert noted(paused, until_ms - 30 * DAY_MS) == until_ms
    assert noted(paused, until_ms) == YEAR_ENDS_MS
    charged = upcoming_charge(paused, catalog(), None)
    assert charged
    assert charged.terms.period_start_ms == until_ms


def test_who_changed_to_a_month_is_not_reminded_until_it_is_a_year_again() -> None:
    monthly = replace(YEARLY, scheduled=Contents("agency"))
    moment_ms = YEAR_ENDS_MS - 20 * DAY_MS
    assert noted(monthly, moment_ms) is None
    assert is_reminder_due(monthly, moment_ms)
    assert noted(replace(monthly, scheduled=None), moment_ms) == YEAR_ENDS_MS
    unknown = replace(YEARLY, scheduled=Contents("no_longer_in_the_catalog"))
    assert upcoming_charge(unknown, catalog(), None) is None


def test_the_charge_is_the_one_that_the_renewal_makes() -> None:
    found = upcoming_charge(YEARLY, catalog(), None)
    assert found
    assert found.quote.charge_micros == catalog().plans["agency_yearly"].amounts_micros["usd"]
