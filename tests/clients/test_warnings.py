"""What is likely a mistake, and what of it has to be confirmed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clients.warnings import PriceWarning, find_warnings, unconfirmed
from chalicelib.pricing.client_price import AT_COST
from chalicelib.pricing.rebilling import NO_REBILLING, Rebilling
from tests.clients.rebilling_build import ABSORBED, NEW_UNIT_MS, NOW_MS, markup, price, prices_of, rebilling


def warnings_of(
    client: Rebilling, workspace: Rebilling = NO_REBILLING, *, time_ms: int = NOW_MS, of_workspace: bool = False
) -> list[PriceWarning]:
    own = workspace if of_workspace else client
    return find_warnings(prices_of(client, workspace, time_ms), is_on=own.is_on(time_ms), of_workspace=of_workspace)


def codes(*arguments: Any, **options: Any) -> dict[str, list[str]]:
    return {each.code: each.meters for each in warnings_of(*arguments, **options)}


@pytest.mark.parametrize(
    "settings",
    [{}, {"default": ABSORBED}, {"default": AT_COST, "sms": ABSORBED}, {"default": markup(1)}],
    ids=["nothing set", "absorbed", "at cost", "a markup of 1"],
)
def test_nothing_is_earned_while_no_meter_is_above_its_cost(settings: dict[str, Any]) -> None:
    assert list(codes(rebilling(**settings))) == ["nothing_earned"]
    assert codes(rebilling(**settings, email=markup(1.5))) == {}


def test_it_does_not_matter_at_which_level_something_is_earned() -> None:
    assert codes(rebilling(), rebilling(default=markup(1.5))) == {}
    assert codes(rebilling(ai_tokens=markup(1.5), default=AT_COST)) == {}


def test_a_price_below_the_cost_is_told_also_if_only_a_later_cost_is_above_it() -> None:
    assert codes(rebilling(sms=price(49_999), email=markup(2)))["below_cost"] == ["sms"]
    assert "below_cost" not in codes(rebilling(sms=price(50_000), email=markup(2)))
    rising = rebilling(knowledge_base=[(NEW_UNIT_MS, price(4_999, "lookup"))], sms=markup(2))
    assert codes(rising)["below_cost"] == ["knowledge_base"]


def test_a_markup_below_1_is_below_the_cost_and_absorbing_is_not() -> None:
    found = codes(rebilling(ai_tokens=markup(0.9), email=markup(0.9), sms=ABSORBED, llm_minute=markup(2)))
    assert found == {"below_cost": ["email", "ai_tokens"]}
    (half,) = warnings_of(rebilling(ai_tokens=markup(0.5), sms=markup(2)))
    assert half.sentence == ("a markup of 0.5 means that your client pays 0.5 times the cost; for 50 % more, use 1.5")


def test_a_markup_above_10_says_what_it_means_and_what_to_write_instead() -> None:
    (warning,) = warnings_of(rebilling(sms=markup(50), email=markup(10)))
    assert warning.meters == ["sms"]
    assert warning.sentence == ("a markup of 50 means that your client pays 50 times the cost; for 50 % more, use 1.5")
    several = warnings_of(rebilling(sms=markup(50), email=markup(12.5), llm_minute=markup(50)))
    assert [(each.code, each.meters) for each in several] == [
        ("high_markup", ["sms", "llm_minute"]),
        ("high_markup", ["email"]),
    ]
    assert several[1].sentence.endswith("for 12.5 % more, use 1.125")


def test_a_price_is_void_once_the_unit_has_changed_and_that_is_told_before() -> None:
    settings = rebilling(knowledge_base=price(4_000_000, "month"))
    (ahead,) = warnings_of(settings)
    assert (ahead.code, ahead.meters) == ("price_void", ["knowledge_base"])
    assert "for one month, and from 2027-01-01 on it is counted by the lookup" in ahead.sentence
    now = {each.code: each for each in warnings_of(settings, time_ms=NEW_UNIT_MS)}
    assert "and now it is counted by the lookup" in now["price_void"].sentence
    assert "nothing_earned" in now


def test_prices_without_the_switch_are_told() -> None:
    off = rebilling(on_from_ms=None, sms=markup(2), email=AT_COST)
    assert codes(off) == {"switch_off": ["sms"]}
    assert codes(rebilling(on_from_ms=None), rebilling(default=markup(2))) == {}
    assert codes(NO_REBILLING, off, of_workspace=True) == {"switch_off": ["sms"]}


@given(multiple=st.integers(1, 10_000_000))
def test_a_markup_is_warned_of_exactly_below_1_and_above_10(multiple: int) -> None:
    found = codes(rebilling(ai_tokens=markup(multiple / 10_000), sms=markup(2)))
    assert ("below_cost" in found) == (multiple < 10_000)
    assert ("high_markup" in found) == (multiple > 100_000)


def needed(before: Rebilling, after: Rebilling) -> list[str]:
    warnings = warnings_of(after)
    return [each.code for each in unconfirmed(warnings, prices_of(before), prices_of(after))]


def test_a_change_confirms_what_it_sets_itself() -> None:
    low, lower = rebilling(sms=price(40_000), email=markup(2)), rebilling(sms=price(30_000), email=markup(2))
    assert needed(NO_REBILLING, low) == ["below_cost"]
    assert needed(low, lower) == ["below_cost"]
    assert needed(low, low) == []
    assert needed(low, rebilling(sms=price(40_000), email=markup(3))) == []
    assert needed(low, rebilling(sms=price(40_000), email=markup(50))) == ["high_markup"]
    assert needed(NO_REBILLING, rebilling(on_from_ms=None, sms=markup(2))) == []
