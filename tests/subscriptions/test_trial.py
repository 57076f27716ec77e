"""What a trial is free for, and what is paid in it: worked out by hand. It has 14 days, of which 7 are left.

The month that begins with it has 28 days.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.catalog.catalog import FILE, Catalog, Product, catalog, read_catalog
from chalicelib.catalog.errors import InvalidCatalog
from chalicelib.catalog.policies import Trials
from chalicelib.subscriptions.change_effect import ChangeEffect, change_effect, start_effect
from chalicelib.subscriptions.payment_outcomes import apply_pending
from chalicelib.subscriptions.price import total_micros
from chalicelib.subscriptions.renewal import next_renewal
from chalicelib.subscriptions.subscription import Contents, PendingPayment, Subscription
from tests.subscriptions.build import DAY_MS, START_MS, subscription

MIDDLE_MS = START_MS + 7 * DAY_MS
Items = dict[str, int]


def sold(*, dearer_plan: Any = "ends_trial", **solo: Any) -> Catalog:
    """Return the catalog with a cheap plan, and plans of a year that cost no more by the month, and a little more."""
    made = catalog()
    more = {
        "solo": replace(made.plans["solo"], **solo),
        "mini": Product("Mini", "", {"usd": 5_000_000}),
        "mini_yearly": Product("Mini, yearly", "", {"usd": 12 * 19_000_000}, 12),
        "solo_yearly": Product("Solo, yearly", "", {"usd": 12 * 19_000_000 + 10_000}, 12),
    }
    return replace(made, plans={**made.plans, **more}, trials=Trials(dearer_plan))


def begun(add_ons: Items | None = None, within: Catalog | None = None) -> Subscription:
    """Return a trial of Solo in its first moment."""
    within = within or sold()
    found = start_effect(
        Contents("solo", add_ons or {}), with_trial=True, currency="usd", catalog=within, now_ms=START_MS
    )
    return after(subscription("solo", status="incomplete"), found, START_MS)


def after(current: Subscription, found: ChangeEffect, now_ms: int) -> Subscription:
    return apply_pending(
        current,
        PendingPayment(
            payment_id="pay_1",
            purpose=found.purpose,
            terms=found.terms,
            carried_micros=found.quote.carried_micros,
            scheduled=found.scheduled,
            trial=found.trial,
        ),
        now_ms,
    )


def changed(
    wanted: tuple[str, Items], held: Items | None = None, within: Catalog | None = None, now_ms: int = MIDDLE_MS
) -> ChangeEffect:
    within = within or sold()
    return change_effect(begun(held, within), Contents(*wanted), within, now_ms)


@pytest.mark.parametrize("plan", ["solo", "mini", "mini_yearly"])
def test_it_is_free_for_its_plan_and_for_any_that_costs_no_more_by_the_month(plan: str) -> None:
    found = changed((plan, {}))
    assert (found.terms.contents, found.scheduled) == (Contents(plan), None)
    assert (found.quote.charge_micros, found.needs_card) == (0, False)
    assert found.trial_end_ms == START_MS + 14 * DAY_MS
    back = change_effect(after(begun(), found, MIDDLE_MS), Contents("solo"), sold(), MIDDLE_MS)
    assert (back.terms.contents, back.quote.charge_micros, back.needs_card) == (Contents("solo"), 0, False)


@pytest.mark.parametrize(
    ("wanted", "charge_micros"),
    [
        (("starter", {}), 49_000_000),
        (("solo_yearly", {}), 12 * 19_000_000 + 10_000),
        (("agency", {"phone_number": 9_000}), 97_000_000 + 9_000 * 1_150_000),
    ],
)
def test_a_dearer_plan_ends_it_and_its_first_period_is_charged_whole(
    wanted: tuple[str, Items], charge_micros: int
) -> None:
    found = changed(wanted)
    assert (found.quote.charge_micros, found.needs_card, found.trial_end_ms) == (charge_micros, True, None)
    assert (found.terms.anchor_ms, found.terms.period_start_ms) == (MIDDLE_MS, MIDDLE_MS)
    done = after(begun(), found, MIDDLE_MS)
    assert (done.status, done.trial_end_ms, done.due_at_ms) == ("active", MIDDLE_MS, found.terms.period_end_ms)


def test_add_ons_are_paid_from_the_first_day_for_the_days_of_the_trial() -> None:
    # 20.00 for 14 of 28 days.
    found = start_effect(
        Contents("solo", {"voice_features": 1}), with_trial=True, currency="usd", catalog=sold(), now_ms=START_MS
    )
    assert (found.quote.charge_micros, found.needs_card) == (10_000_000, True)
    # 7 of 28 days of 40 and of 10,000 numbers.
    for number, charge_micros in ((40, 11_500_000), (10_000, 2_875_000_000)):
        more = changed(("solo", {"phone_number": number}))
        assert (more.quote.charge_micros, more.trial_end_ms) == (charge_micros, START_MS + 14 * DAY_MS)


def test_too_little_for_a_card_is_carried_and_needs_one_all_the_same() -> None:
    found = changed(("solo", {"phone_number": 1}))
    assert (found.quote.charge_micros, found.quote.carried_micros, found.needs_card) == (0, 287_500, True)


def test_what_was_paid_is_kept_until_its_end_and_given_back_if_it_ends_before() -> None:
    held = {"voice_features": 2}
    less = changed(("mini", {}), held)
    assert (less.terms.contents, less.scheduled) == (Contents("mini", held), Contents("mini"))
    again = change_effect(after(begun(held), less, MIDDLE_MS), Contents("mini", held), sold(), MIDDLE_MS)
    assert (again.quote.charge_micros, again.scheduled) == (0, None)
    # 49.00 less 7 of 28 days of 40.00.
    assert changed(("starter", {}), held).quote.charge_micros == 39_000_000
    # What is left of 100 is more than Starter costs: it waits for the trial's end.
    waits = changed(("starter", {}), {"voice_features": 100})
    assert (waits.quote.charge_micros, waits.scheduled) == (0, Contents("starter"))
    assert waits.terms.contents == Contents("solo", {"voice_features": 100})


def test_the_catalog_may_include_add_ons() -> None:
    within = sold(trial_add_ons={"phone_number": 40})
    free = changed(("mini", {"phone_number": 40}), within=within)
    assert (free.quote.charge_micros, free.needs_card) == (0, False)
    assert changed(("mini", {"phone_number": 80}), within=within).quote.charge_micros == 11_500_000
    fewer = changed(("mini", {"phone_number": 3}), {"phone_number": 40}, within=within)
    assert (fewer.terms.contents.add_ons, fewer.scheduled) == ({"phone_number": 3}, None)


def test_the_catalog_may_let_it_go_on_for_what_a_dearer_plan_costs_more() -> None:
    within = sold(dearer_plan="pays_difference")
    found = changed(("agency", {}), within=within)
    # 97.00 less 19.00 for 7 of 28 days.
    assert (found.quote.charge_micros, found.needs_card) == (19_500_000, True)
    assert found.trial_end_ms == START_MS + 14 * DAY_MS
    dearer = after(begun(within=within), found, MIDDLE_MS)
    down = change_effect(dearer, Contents("starter"), within, MIDDLE_MS)
    assert (down.terms.contents, down.scheduled, down.quote.charge_micros) == (
        *(Contents("agency"), Contents("starter"), 0),
    )
    free = change_effect(dearer, Contents("solo"), within, MIDDLE_MS)
    assert (free.terms.contents, free.scheduled) == (Contents("agency"), Contents("solo"))
    # 970.00 a year is less by the month than 97.00, which are paid until the end of the trial: it waits.
    yearly = change_effect(dearer, Contents("agency_yearly"), within, MIDDLE_MS)
    assert yearly.scheduled == Contents("agency_yearly")
    assert next_renewal(dearer, within).quote.charge_micros == 97_000_000


def test_a_trial_of_before_there_were_limits_is_free_for_what_it_holds() -> None:
    old = replace(begun({"phone_number": 10}), trial=None)
    assert change_effect(old, Contents("solo", {"phone_number": 10}), sold(), MIDDLE_MS).quote.charge_micros == 0
    assert (
        change_effect(old, Contents("solo", {"phone_number": 50}), sold(), MIDDLE_MS).quote.charge_micros == 11_500_000
    )


def test_another_price_of_the_same_plan_ends_no_trial() -> None:
    dearer = sold(amounts_micros={"usd": 29_000_000})
    found = change_effect(begun(), Contents("solo", {"voice_features": 1}), dearer, MIDDLE_MS)
    assert (found.quote.charge_micros, found.trial_end_ms) == (5_000_000, START_MS + 14 * DAY_MS)


@given(st.lists(st.tuples(st.integers(0, 13), st.integers(0, 60)), min_size=1, max_size=6), st.integers(0, 13))
def test_raised_in_any_steps_it_costs_its_days_and_no_more_is_given_back_than_was_paid(
    steps: list[tuple[int, int]], last: int
) -> None:
    current, exact = begun(), 0
    charged = 0
    for day, more in sorted(steps):
        held = current.terms.contents.add_ons.get("phone_number", 0)
        wanted = Contents("solo", {"phone_number": held + more} if held + more else {})
        now_ms = START_MS + day * DAY_MS
        found = change_effect(current, wanted, sold(), now_ms)
        charged += found.quote.charge_micros
        exact += more * 1_150_000 * (14 - day)
        current = after(current, found, now_ms)
    due = charged + current.carried_micros
    assert abs(due * 28 - exact) < 28 * len(steps)
    ends = change_effect(current, Contents("agency"), sold(), START_MS + max(last, *(day for day, _ in steps)) * DAY_MS)
    if ends.trial is None:
        given_back = 97_000_000 + current.carried_micros - ends.quote.charge_micros - ends.quote.carried_micros
        assert 0 <= given_back <= due + 6
        assert total_micros(ends.quote.lines) == ends.quote.charge_micros


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ('dearer_plan = "ends_trial"', 'dearer_plan = "free"'),
        ("trial_days = 14", "trial_days = 14\ntrial_add_ons = { phone_number = 0 }"),
        ("trial_days = 14", "trial_days = 14\ntrial_add_ons = { jet = 1 }"),
        ("trial_days = 14", "trial_add_ons = { phone_number = 1 }"),
    ],
)
def test_trials_that_contradict_themselves_are_not_loaded(part: str, instead: str) -> None:
    deployed = FILE.read_text()
    assert part in deployed
    with pytest.raises(InvalidCatalog):
        read_catalog(deployed.replace(part, instead, 1).encode())
    trial = "trial_days = 14\ntrial_add_ons = { phone_number = 2 }"
    fine = read_catalog(deployed.replace("trial_days = 14", trial).encode())
    assert fine.plans["solo"].trial_add_ons == {"phone_number": 2}
