"""What a change does and costs: a table that was worked out by hand. The period has 28 days, of which 14 are left."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso
from chalicelib.subscriptions.change_effect import ChangeEffect, change_effect, start_effect
from chalicelib.subscriptions.price import period_lines, total_micros
from chalicelib.subscriptions.renewal import next_renewal
from chalicelib.subscriptions.subscription import Contents
from tests.subscriptions.build import DAY_MS, END_MS, START_MS, subscription

MIDDLE_MS = START_MS + 14 * DAY_MS + 1
Items = dict[str, int]

plans = st.sampled_from(["starter", "agency", "starter_yearly", "agency_yearly"])
add_ons = st.dictionaries(st.sampled_from(["phone_number", "voice_features"]), st.integers(1, 40))


def changed(held: tuple[str, Items], wanted: tuple[str, Items], now_ms: int = MIDDLE_MS, **state: Any) -> ChangeEffect:
    return change_effect(subscription(*held, **state), Contents(*wanted), catalog(), now_ms)


@pytest.mark.parametrize(
    ("held", "wanted", "charge_micros", "now", "later"),
    [
        (("agency", {}), ("agency", {}), 0, ("agency", {}), None),
        # 20.00 for 14 of 28 days.
        (("agency", {}), ("agency", {"voice_features": 1}), 10_000_000, ("agency", {"voice_features": 1}), None),
        (("agency", {"voice_features": 1}), ("agency", {}), 0, ("agency", {"voice_features": 1}), ("agency", {})),
        # Agency less Starter, 97.00 - 49.00, for half.
        (("starter", {}), ("agency", {}), 24_000_000, ("agency", {}), None),
        (("agency", {}), ("starter", {}), 0, ("agency", {}), ("starter", {})),
        # A removal waits while an addition of the same request takes effect.
        (
            ("agency", {"voice_features": 1}),
            ("agency", {"phone_number": 8}),
            4_600_000,
            ("agency", {"phone_number": 8, "voice_features": 1}),
            ("agency", {"phone_number": 8}),
        ),
        (
            ("agency", {"phone_number": 5}),
            ("starter", {"phone_number": 7}),
            1_150_000,
            ("agency", {"phone_number": 7}),
            ("starter", {"phone_number": 7}),
        ),
        # A year begins now: 970.00 less the half of 97.00 that is left.
        (("agency", {}), ("agency_yearly", {}), 921_500_000, ("agency_yearly", {}), None),
        # 970.00 + 12 x 20.00 - (97.00 + 2 x 1.15) / 2; the numbers are given back at once, for the period is new.
        (
            ("agency", {"phone_number": 2}),
            ("agency_yearly", {"voice_features": 1}),
            1_160_350_000,
            ("agency_yearly", {"voice_features": 1}),
            None,
        ),
        (("agency_yearly", {}), ("agency", {}), 0, ("agency_yearly", {}), ("agency", {})),
        # What is left of 4,000 numbers is more than a year of Starter costs: it waits for the period's end.
        (
            ("agency", {"phone_number": 4000}),
            ("starter_yearly", {}),
            0,
            ("agency", {"phone_number": 4000}),
            ("starter_yearly", {}),
        ),
    ],
)
def test_additions_take_effect_now_and_removals_at_the_end(
    held: tuple[str, Items], wanted: tuple[str, Items], charge_micros: int, now: tuple[str, Items], later: Any
) -> None:
    found = changed(held, wanted)
    assert found.quote.charge_micros == charge_micros
    assert found.terms.contents == Contents(*now)
    assert found.scheduled == (Contents(*later) if later else None)
    assert found.quote.charge_micros == total_micros(found.quote.lines)


def test_a_longer_interval_begins_a_new_period_and_all_else_keeps_the_old_one() -> None:
    yearly = changed(("agency", {}), ("agency_yearly", {}))
    assert (yearly.terms.anchor_ms, yearly.terms.period_start_ms) == (MIDDLE_MS, MIDDLE_MS)
    assert iso(yearly.terms.period_end_ms) == "2028-02-14T10:00:00.001Z"
    more = changed(("agency", {}), ("agency", {"phone_number": 100}))
    assert (more.terms.anchor_ms, more.terms.period_end_ms) == (START_MS, END_MS)


def test_what_was_to_be_removed_is_kept_if_it_is_asked_for_again_and_costs_nothing() -> None:
    held = ("agency", {"voice_features": 1})
    kept = changed(held, held, scheduled=Contents("starter", {}))
    assert (kept.quote.charge_micros, kept.scheduled) == (0, None)


def test_a_start_costs_a_whole_period_or_is_a_trial_the_first_time() -> None:
    solo = Contents("solo")
    trial = start_effect(solo, with_trial=True, currency="usd", catalog=catalog(), now_ms=START_MS)
    assert (trial.quote.charge_micros, trial.trial_end_ms) == (0, START_MS + 14 * DAY_MS)
    again = start_effect(solo, with_trial=False, currency="usd", catalog=catalog(), now_ms=START_MS)
    assert (again.quote.charge_micros, again.trial_end_ms) == (19_000_000, None)
    without = start_effect(Contents("agency"), with_trial=True, currency="jpy", catalog=catalog(), now_ms=START_MS)
    assert without.quote.charge_micros == 14_500_000_000


def test_an_add_on_of_a_yearly_plan_costs_twelve_months() -> None:
    lines = period_lines(subscription("agency_yearly", {"phone_number": 2}).terms, catalog())
    assert [(each.quantity, each.unit_amount_micros, each.amount_micros) for each in lines] == [
        (1, 970_000_000, 970_000_000),
        (2, 13_800_000, 27_600_000),
    ]


@given(plans, add_ons, plans, add_ons, st.integers(0, 27), st.integers(0, 500_000), st.sampled_from(["usd", "jpy"]))
def test_whatever_is_changed_the_next_renewal_is_for_what_was_asked_for(
    plan: str, held: Items, wanted_plan: str, wanted: Items, day: int, carried: int, currency: str
) -> None:
    current = subscription(plan, held, carried_micros=carried, currency=currency)
    found = change_effect(current, Contents(wanted_plan, wanted), catalog(), START_MS + day * DAY_MS + 1)
    assert (found.scheduled or found.terms.contents) == Contents(wanted_plan, wanted)
    assert found.quote.charge_micros >= 0
    # Nobody ever holds less than before in a period that was paid for.
    if found.terms.period_end_ms == current.terms.period_end_ms:
        kept = found.terms.contents.add_ons
        assert all(kept.get(name, 0) >= quantity for name, quantity in held.items())


@given(st.lists(st.tuples(st.integers(0, 27), st.integers(0, 30)), min_size=1, max_size=6))
def test_many_small_additions_cost_what_their_days_cost_to_the_micro(steps: list[tuple[int, int]]) -> None:
    """Each addition is within a micro of its exact share; what was not charged is carried."""
    current = subscription()
    charged = exact = 0
    for day, more in sorted(steps):
        held = current.terms.contents.add_ons.get("phone_number", 0)
        wanted = Contents("agency", {"phone_number": held + more} if held + more else {})
        found = change_effect(current, wanted, catalog(), START_MS + day * DAY_MS + 1)
        charged += found.quote.charge_micros
        exact += more * 1_150_000 * (28 - day)
        current = subscription("agency", wanted.add_ons, carried_micros=found.quote.carried_micros)
    assert abs((charged + current.carried_micros) * 28 - exact) < 28 * len(steps)


def test_prices_hold_for_the_period_and_todays_are_those_of_the_next() -> None:
    """Nobody is given back more than was paid, nor charged another price for more of the same."""
    current = subscription("agency", {"phone_number": 1})
    doubled = {
        name: {each: 2 * micros for each, micros in catalog().add_ons[name].amounts_micros.items()}
        for name in catalog().add_ons
    }
    add_ons = {name: replace(each, amounts_micros=doubled[name]) for name, each in catalog().add_ons.items()}
    agency = replace(catalog().plans["agency"], amounts_micros={"usd": 120_000_000})
    dearer = replace(catalog(), add_ons=add_ons, plans={**catalog().plans, "agency": agency})
    yearly = change_effect(current, Contents("agency_yearly"), dearer, MIDDLE_MS)
    # 970.00 - 48.50 - 0.575
    assert (yearly.quote.charge_micros, yearly.quote.carried_micros) == (920_920_000, 5_000)
    more = change_effect(current, Contents("agency", {"phone_number": 41, "voice_features": 1}), dearer, MIDDLE_MS)
    assert more.quote.charge_micros == 23_000_000 + 20_000_000
    assert next_renewal(current, dearer).quote.charge_micros == 120_000_000 + 2_300_000


def test_the_next_renewal_takes_what_was_carried() -> None:
    due = next_renewal(subscription(carried_micros=490_000), catalog())
    assert due.quote.charge_micros == 97_490_000
    assert due.quote.carried_micros == 0
