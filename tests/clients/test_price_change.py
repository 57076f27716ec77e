"""What a change makes of the settings before it."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.clients.price_change import LARGEST_BYTES, Change, TooManyChanges, apply_change
from chalicelib.pricing.client_price import AT_COST, ClientPrice
from chalicelib.pricing.rebilling import LEAD_MS, NO_REBILLING, Rebilling, value_at
from tests.clients.rebilling_build import ABSORBED, markup, rebilling

AGE_MS = 1_000_000
VALUES = st.sampled_from([None, AT_COST, ABSORBED, markup(2)])
METERS = st.sampled_from(["sms", "email"])
STEPS = st.lists(
    st.tuples(st.integers(0, 500_000), st.integers(0, 500_000), METERS, VALUES, st.booleans(), st.integers(0, 2)),
    max_size=8,
)
"""Changes: the time since the one before, how far ahead each is planned, and what it sets."""


def put(current: Rebilling, now_ms: int, change: Change) -> Rebilling:
    return apply_change(current, change, actor="kim", now_ms=now_ms, maximum_age_ms=AGE_MS)


def made(steps: Any) -> list[tuple[int, Change]]:
    """Return changes, each with the time at which it is made."""
    now_ms, changes = 2_000_000, []
    for later_ms, ahead_ms, meter, value, enabled, allowance in steps:
        now_ms += later_ms
        from_ms = now_ms + LEAD_MS + ahead_ms
        changes.append((now_ms, Change(from_ms, enabled=enabled, prices={meter: value}, allowance_micros=allowance)))
    return changes


@given(steps=STEPS, ahead_ms=st.integers(-AGE_MS, 2_000_000))
def test_at_any_time_the_last_change_that_was_made_for_it_is_valid(steps: Any, ahead_ms: int) -> None:
    changes = made(steps)
    settings = NO_REBILLING
    for now_ms, change in changes:
        settings = put(settings, now_ms, change)
    time_ms = (changes[-1][0] if changes else 0) + ahead_ms
    valid = [change for _, change in changes if change.from_ms <= time_ms]
    for meter in ("sms", "email"):
        of_meter = [change.prices[meter] for change in valid if meter in change.prices]
        assert value_at(settings.prices.get(meter, ()), time_ms) == (of_meter[-1] if of_meter else None)
    assert settings.is_on(time_ms) is bool(valid and valid[-1].enabled)
    assert settings.allowance_at(time_ms) == (valid[-1].allowance_micros if valid else 0)


@given(steps=STEPS, time_ms=st.integers(-AGE_MS, 2_000_000))
def test_a_change_alters_nothing_before_its_time_and_a_repeat_alters_nothing_at_all(steps: Any, time_ms: int) -> None:
    settings = NO_REBILLING
    for now_ms, change in made(steps):
        after = put(settings, now_ms, change)
        before_ms = min(now_ms + max(time_ms, -AGE_MS), change.from_ms - 1)
        for meter in ("sms", "email"):
            now, then = settings.prices.get(meter, ()), after.prices.get(meter, ())
            assert value_at(now, before_ms) == value_at(then, before_ms)
        assert (settings.is_on(before_ms), settings.allowance_at(before_ms)) == (
            after.is_on(before_ms),
            after.allowance_at(before_ms),
        )
        assert put(after, now_ms, change) is after
        later = replace(change, from_ms=change.from_ms + 7)
        assert put(after, now_ms + 7, later) is after
        settings = after


@given(steps=STEPS)
def test_changes_of_different_meters_come_to_the_same_in_any_order(steps: Any) -> None:
    changes = [Change(change.from_ms, prices=change.prices) for _, change in made(steps)]
    of_sms = [change for change in changes if "sms" in change.prices]
    of_email = [change for change in changes if "email" in change.prices]
    results = []
    for order in (changes, [*of_sms, *of_email], [*of_email, *of_sms]):
        settings = NO_REBILLING
        for change in order:
            settings = put(settings, 0, change)
        results.append(settings.prices)
    assert results[0] == results[1] == results[2]


def test_what_is_left_out_stays_as_it_is() -> None:
    before = rebilling(allowance_micros=5, sms=ABSORBED)
    after = put(before, 10, Change(20, prices={"email": AT_COST}))
    assert (after.switches, after.allowances_micros) == (before.switches, before.allowances_micros)
    assert after.prices["sms"] == before.prices["sms"]
    assert after.version == 2


def test_what_was_planned_later_goes_even_if_the_value_is_the_one_that_is_valid() -> None:
    before = rebilling(sms=[(0, ABSORBED), (500, AT_COST)])
    after = put(before, 10, Change(20, prices={"sms": ABSORBED}))
    assert [(each.from_ms, each.value) for each in after.prices["sms"]] == [(0, ABSORBED)]


def test_clearing_what_was_only_planned_leaves_nothing() -> None:
    before = rebilling(on_from_ms=500, sms=[(500, AT_COST)])
    after = put(before, 10, Change(20, enabled=False, prices={"sms": None}))
    assert (after.prices, after.switches) == ({}, ())


def test_what_no_usage_can_need_any_more_is_dropped() -> None:
    before = rebilling(sms=[(0, ABSORBED), (1, AT_COST)], email=[(0, AT_COST), (1, None)])
    after = put(before, AGE_MS + 2, Change(AGE_MS + 3, prices={"sms": None}))
    assert [(each.from_ms, each.value) for each in after.prices["sms"]] == [(AGE_MS + 3, None), (1, AT_COST)]
    assert "email" not in after.prices


def with_prices(settings: Rebilling, first_ms: int, prices: Iterable[ClientPrice]) -> Rebilling:
    """Return settings with a new price of a meter every millisecond."""
    for now_ms, each in enumerate(prices, first_ms):
        settings = put(settings, now_ms, Change(now_ms, prices={"sms": each}))
    return settings


def test_settings_do_not_grow_without_end() -> None:
    settings, now_ms = NO_REBILLING, 0
    while len(msgspec.json.encode(settings)) < LARGEST_BYTES - 200:
        settings, now_ms = with_prices(settings, now_ms, [markup(now_ms + 1)]), now_ms + 1
    with pytest.raises(TooManyChanges, match="no more of them fit"):
        with_prices(settings, now_ms, [markup(2), markup(3), markup(4)])
    assert len(settings.prices["sms"]) > 500
    assert len(with_prices(settings, now_ms + AGE_MS, [markup(5)]).prices["sms"]) == 2

    # Charging can still be ended.
    for enabled in (True, False, True, False):
        now_ms += 1
        settings = put(settings, now_ms, Change(now_ms, enabled=enabled))
    assert (settings.is_on(now_ms), len(msgspec.json.encode(settings)) > LARGEST_BYTES) == (False, True)
