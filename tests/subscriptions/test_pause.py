"""Pausing: from when until when, what may be paused, and what begins after it. The pure rules."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso
from chalicelib.errors import Refusal
from chalicelib.http_input import InvalidRequest
from chalicelib.subscriptions.change_effect import apply_effect
from chalicelib.subscriptions.check_change import SubscriptionPastDue, SubscriptionRenewing, check_change
from chalicelib.subscriptions.check_pause import NotPausable, PauseDateInvalid, check_pause, pausable_days
from chalicelib.subscriptions.dunning import end_subscription
from chalicelib.subscriptions.pause import PauseRequest, PauseScheduled
from chalicelib.subscriptions.payment_outcomes import apply_payment_result, apply_pending
from chalicelib.subscriptions.period import months_after
from chalicelib.subscriptions.renewal import RECHECK_MS, Means, Renewal, next_renewal, next_step, pending_renewal
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.subscription import Contents, Pause, Subscription, SubscriptionPending
from tests.subscriptions.build import DAY_MS, END_MS, START_MS, account, pending, subscription
from tests.subscriptions.test_next_step import payment

UNTIL_MS = END_MS + 10 * DAY_MS
CARD = Means("pm_1")
MORE = Contents("agency", {"voice_features": 1})


def pausing(plan: str = "agency", **changes: Any) -> Subscription:
    """Return a subscription that will be paused from 28 February to 10 March."""
    return replace(subscription(plan), pause=Pause(UNTIL_MS, None, "tester", START_MS), **changes)


def paused(**changes: Any) -> Subscription:
    return replace(replace(pausing(), status="paused", due_at_ms=UNTIL_MS), **changes)


def step(held: Subscription, now_ms: int) -> Subscription | Renewal:
    """Take the steps that follow each other at one moment."""
    while (found := next_step(held, CARD, catalog(), now_ms)) != held and isinstance(found, Subscription):
        held = found
    return found


def charge_of(held: Subscription, now_ms: int) -> Renewal:
    found = step(held, now_ms)
    assert isinstance(found, Renewal)
    return found


def put(held: Subscription, plan: str, now_ms: int = START_MS, **add_ons: int) -> Subscription:
    effect = check_change(account(), held, SubscriptionRequest(plan, add_ons), catalog(), now_ms, tax=None)
    return apply_effect(effect, account(), held, actor="tester", now_ms=now_ms)


def check(held: Subscription, until: str, now_ms: int = START_MS) -> str:
    return iso(check_pause(held, PauseRequest(until), catalog(), now_ms))


def test_a_pause_ends_at_the_time_of_day_of_the_period_on_one_of_the_days_that_the_plan_allows() -> None:
    assert check(subscription(), "2027-03-01") == "2027-03-01T10:00:00.000Z"
    assert check(subscription(), "2027-05-29") == "2027-05-29T10:00:00.000Z"
    for wrong in ("2027-02-28", "2027-05-30", "2020-01-01", "9999-12-31"):
        with pytest.raises(PauseDateInvalid) as refused:
            check(subscription(), wrong)
        assert (refused.value.about["earliest"], refused.value.about["latest"]) == ("2027-03-01", "2027-05-29")
    for wrong in ("", "soon", "2027-02-30"):
        with pytest.raises(InvalidRequest):
            check(subscription(), wrong)


def test_a_pause_that_has_begun_gets_another_end_within_the_same_days() -> None:
    now_ms = END_MS + 5 * DAY_MS
    assert check(paused(), "2027-05-29", now_ms) == "2027-05-29T10:00:00.000Z"
    assert pausable_days(paused(), catalog(), now_ms).earliest == "2027-03-06"
    with pytest.raises(PauseDateInvalid):
        check(paused(), "2027-03-05", now_ms)
    with pytest.raises(SubscriptionRenewing):
        check(paused(), "2027-05-29", UNTIL_MS)


@pytest.mark.parametrize(
    ("held", "refusal"),
    [
        (subscription("starter"), NotPausable),
        (subscription("agency_yearly"), NotPausable),
        (replace(subscription("agency"), terms=replace(subscription().terms, contents=Contents("gone"))), NotPausable),
        (subscription(status="trialing"), NotPausable),
        (subscription(status="canceled"), NotPausable),
        (subscription(cancel_at_period_end=True), NotPausable),
        (subscription(status="past_due"), SubscriptionPastDue),
        (subscription(status="unpaid"), SubscriptionPastDue),
        (replace(subscription(), pending=pending(subscription())), SubscriptionPending),
        (subscription(status="incomplete", pending=pending(subscription())), SubscriptionPending),
    ],
)
def test_what_is_not_paid_or_is_over_cannot_be_paused(held: Subscription, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        check(held, "2027-03-10")


def test_it_cannot_be_paused_once_its_period_is_over() -> None:
    with pytest.raises(SubscriptionRenewing):
        check(subscription(), "2027-03-10", END_MS)


def test_what_is_paid_stays_then_nothing_is_charged_then_a_new_period_begins_on_the_day() -> None:
    assert step(pausing(), END_MS - 1) == pausing()
    begun = step(pausing(), END_MS)
    assert begun == paused(expired_pending=None)
    assert step(paused(), END_MS + 1) == step(paused(), UNTIL_MS - 1) == paused()
    charged = charge_of(paused(), UNTIL_MS + 5)
    assert (charged.terms.period_start_ms, charged.quote.charge_micros) == (UNTIL_MS, 97_000_000)
    assert charged.terms.period_end_ms == months_after(UNTIL_MS, 1)
    assert next_renewal(pausing(), catalog()) == next_renewal(paused(), catalog()) == charged


def test_periods_follow_from_the_end_of_the_pause() -> None:
    ended = step(paused(), UNTIL_MS)
    assert isinstance(ended, Renewal)
    active = next_step(paused(), CARD, catalog(), UNTIL_MS)
    assert isinstance(active, Subscription)
    assert (active.status, active.pause) == ("active", None)
    after = apply_pending(active, pending_renewal(active, ended, payment_id="pay_1", automatic=True), UNTIL_MS)
    assert (after.terms, after.status, after.due_at_ms) == (ended.terms, "active", months_after(UNTIL_MS, 1))
    second = charge_of(after, months_after(UNTIL_MS, 1))
    assert (second.terms.period_start_ms, second.terms.period_end_ms) == (
        months_after(UNTIL_MS, 1),
        months_after(UNTIL_MS, 2),
    )


@pytest.mark.parametrize(("late_ms", "is_charged_from"), [(DAY_MS - 1, UNTIL_MS), (DAY_MS, UNTIL_MS + DAY_MS)])
def test_a_late_run_charges_no_day_of_the_pause_that_it_made_longer(late_ms: int, is_charged_from: int) -> None:
    assert charge_of(paused(), UNTIL_MS + late_ms).terms.period_start_ms == is_charged_from
    assert charge_of(pausing(), UNTIL_MS + late_ms).terms.period_start_ms == is_charged_from


def test_a_pause_that_can_only_be_owed_is_owed_as_any_other_period() -> None:
    active = next_step(paused(), Means(None), catalog(), UNTIL_MS)
    assert isinstance(active, Subscription)
    owed = next_step(active, Means(None), catalog(), UNTIL_MS)
    assert isinstance(owed, Subscription)
    assert (owed.status, owed.failure and owed.failure.code, owed.attempt) == ("past_due", "card_missing", 1)
    assert next_renewal(owed, catalog()).terms.period_start_ms == UNTIL_MS
    held = next_step(active, Means(None, waits=True), catalog(), UNTIL_MS)
    assert isinstance(held, Subscription)
    assert (held.status, held.held and held.held.reason) == ("active", "not_connected")


def test_a_change_that_was_given_up_buys_nothing_once_the_pause_has_begun() -> None:
    late = pending(subscription(), terms=replace(subscription().terms, contents=MORE))
    begun = step(pausing(expired_pending=late), END_MS)
    assert isinstance(begun, Subscription)
    assert apply_payment_result(begun, payment(), catalog(), END_MS) == begun


def test_a_late_payment_may_move_the_period_past_the_pause_which_then_never_begins() -> None:
    year = subscription("agency_yearly").terms
    late = pending(subscription(), terms=year)
    paid = apply_payment_result(pausing(expired_pending=late), payment(), catalog(), START_MS)
    assert (paid.terms, paid.pause) == (year, pausing().pause)
    charged = charge_of(paid, year.period_end_ms)
    assert charged.terms.period_start_ms == year.period_end_ms


@pytest.mark.parametrize("now_ms", [UNTIL_MS - DAY_MS, UNTIL_MS + DAY_MS])
def test_a_resumption_that_fails_leaves_the_pause_and_one_that_succeeds_ends_it(now_ms: int) -> None:
    terms = next_renewal(paused(), catalog()).terms
    resuming = paused(
        pending=pending(paused(), purpose="resumption", terms=terms), scheduled=MORE, due_at_ms=now_ms + RECHECK_MS
    )
    assert step(resuming, now_ms) == resuming
    failed = apply_payment_result(resuming, payment("failed"), catalog(), now_ms)
    assert replace(failed, expired_pending=None) == paused(scheduled=MORE)
    for found in (
        apply_payment_result(resuming, payment(), catalog(), now_ms),
        apply_payment_result(failed, payment(), catalog(), now_ms),
    ):
        assert (found.status, found.pause, found.scheduled, found.terms) == ("active", None, None, terms)
        assert found.started_at_ms == START_MS
    canceled = replace(resuming, cancel_at_period_end=True)
    ended = apply_payment_result(canceled, payment("failed"), catalog(), now_ms)
    assert (ended.status, ended.pause, ended.ended_at_ms, ended.due_at_ms) == ("canceled", None, now_ms, None)


def test_a_change_for_the_running_period_keeps_the_pause() -> None:
    assert put(pausing(), "agency", phone_number=0).pause == pausing().pause
    more = put(pausing(scheduled=MORE), "starter")
    assert (more.pause, more.scheduled) == (pausing().pause, Contents("starter"))
    # Neither does it matter that the catalog has changed since.
    unpausable = replace(
        catalog(), plans={**catalog().plans, "agency": replace(catalog().plans["agency"], pausable_days=0)}
    )
    check_change(
        account(), pausing(), SubscriptionRequest("agency", {"phone_number": 1}), unpausable, START_MS, tax=None
    )
    changing = replace(pausing(), pending=pending(pausing(), terms=replace(pausing().terms, contents=MORE)))
    assert apply_payment_result(changing, payment(), catalog(), START_MS).pause == pausing().pause


@pytest.mark.parametrize("plan", ["agency_yearly", "studio"])
def test_a_change_after_which_the_pause_could_not_stay_is_refused(plan: str) -> None:
    studio = replace(catalog().plans["agency"], pausable_days=5)
    with_studio = replace(catalog(), plans={**catalog().plans, "studio": studio})
    with pytest.raises(PauseScheduled):
        check_change(account(), pausing(), SubscriptionRequest(plan), with_studio, START_MS, tax=None)


def test_a_change_of_what_is_paused_costs_nothing_and_waits_for_the_end_of_the_pause() -> None:
    changed = put(paused(), "starter", now_ms=END_MS + DAY_MS)
    assert replace(changed, scheduled=None, version=1, updated_at_ms=START_MS) == paused()
    assert changed.scheduled == Contents("starter")
    charged = charge_of(changed, UNTIL_MS)
    assert (charged.terms.contents, charged.quote.charge_micros) == (Contents("starter"), 49_000_000)
    yearly = charge_of(put(paused(), "agency_yearly", now_ms=END_MS + DAY_MS), UNTIL_MS)
    assert (yearly.terms.period_end_ms, yearly.quote.charge_micros) == (months_after(UNTIL_MS, 12), 970_000_000)
    assert put(changed, "agency", now_ms=END_MS + DAY_MS).scheduled is None
    with pytest.raises(SubscriptionRenewing):
        put(paused(), "starter", now_ms=UNTIL_MS)


def test_what_ends_is_not_paused_any_more() -> None:
    assert end_subscription(paused(), END_MS).pause is None
    assert end_subscription(pausing(), END_MS).pause is None
