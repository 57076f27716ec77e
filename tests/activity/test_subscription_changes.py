"""What a change of a subscription is to a person."""

from typing import Any

from msgspec.structs import replace

from chalicelib.activity.entry import Written
from chalicelib.activity.subscription_changes import subscription_changes
from chalicelib.clock import day_of
from chalicelib.subscriptions.dunning import end_subscription
from chalicelib.subscriptions.subscription import Contents, Pause, PendingPayment, Prices, Subscription, Terms
from tests.build import TIME_MS

DAY_MS = 24 * 3600 * 1000
TERMS = Terms(
    contents=Contents("agency", {"phone_number": 2}),
    prices=Prices(97_000_000, {"phone_number": 1_150_000}),
    anchor_ms=TIME_MS,
    elapsed_months=1,
    period_start_ms=TIME_MS,
    period_end_ms=TIME_MS + 30 * DAY_MS,
)
RUNNING = Subscription(
    account_id="acme", currency="usd", status="active", terms=TERMS, actor="kim", updated_at_ms=TIME_MS
)


def changes(before: Subscription | None, after: Subscription) -> list[tuple[Any, ...]]:
    found = subscription_changes(Written(before) if before else None, Written(after, "kim"))
    assert found.actor == "kim"
    return [(each.field, each.before, each.after) for each in found.changes]


def test_it_is_told_when_its_first_payment_has_succeeded() -> None:
    waiting = replace(RUNNING, status="incomplete")
    assert changes(None, waiting) == []
    started = [("status", None, "active"), ("plan", None, "agency"), ("add_ons.phone_number", None, 2)]
    assert changes(waiting, RUNNING) == started
    assert changes(None, RUNNING) == started


def test_what_comes_with_the_next_period_is_told_when_it_is_asked_for_and_when_it_takes_effect() -> None:
    scheduled = replace(RUNNING, scheduled=Contents("starter"))
    asked = [("scheduled.plan", None, "starter"), ("scheduled.add_ons.phone_number", None, 0)]
    assert changes(RUNNING, scheduled) == asked
    assert changes(scheduled, RUNNING) == [("scheduled", None, None)]
    canceled = replace(RUNNING, cancel_at_period_end=True)
    assert changes(scheduled, canceled) == [("cancel_at_period_end", None, True), ("scheduled", None, None)]
    numbers = replace(RUNNING, scheduled=Contents("agency", {"phone_number": 1}))
    assert changes(scheduled, numbers) == [
        ("scheduled.plan", "starter", "agency"),
        ("scheduled.add_ons.phone_number", 0, 1),
    ]
    renewed = replace(RUNNING, terms=replace(TERMS, contents=Contents("starter"), elapsed_months=2))
    assert changes(scheduled, renewed) == [("plan", "agency", "starter"), ("add_ons.phone_number", 2, None)]


def test_cancelling_resuming_and_the_end_are_told_each_once() -> None:
    canceled = replace(RUNNING, cancel_at_period_end=True)
    assert changes(RUNNING, canceled) == [("cancel_at_period_end", None, True)]
    assert changes(canceled, RUNNING) == [("cancel_at_period_end", True, None)]
    ended = end_subscription(replace(canceled, scheduled=Contents("starter")), TIME_MS)
    assert changes(canceled, ended) == [("status", "active", "canceled")]


def test_a_pause_is_told_when_it_is_asked_for_begins_ends_or_is_taken_back() -> None:
    pausing = replace(RUNNING, pause=Pause(TIME_MS + 40 * DAY_MS, None, "kim", TIME_MS))
    paused, until = replace(pausing, status="paused"), day_of(TIME_MS + 40 * DAY_MS)
    assert changes(RUNNING, pausing) == [("paused_until", None, until)]
    assert changes(pausing, RUNNING) == [("paused_until", until, None)]
    assert changes(pausing, paused) == [("status", "active", "paused")]
    assert changes(paused, RUNNING) == [("status", "paused", "active")]
    assert changes(paused, end_subscription(paused, TIME_MS)) == [("status", "paused", "canceled")]


def test_a_renewal_and_what_waits_for_a_payment_are_no_change_of_it() -> None:
    pending = PendingPayment(payment_id="pay_1", purpose="renewal", terms=TERMS, carried_micros=0)
    renewed = replace(RUNNING, terms=replace(TERMS, elapsed_months=2), paid_payment_id="pay_1", version=9, due_at_ms=1)
    assert changes(RUNNING, replace(RUNNING, pending=pending, attempt=1, in_use={"phone_number": 1})) == []
    assert changes(RUNNING, renewed) == []
    assert changes(RUNNING, replace(RUNNING, status="past_due")) == [("status", "active", "past_due")]
