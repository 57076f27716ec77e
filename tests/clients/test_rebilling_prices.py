"""What a meter costs and brings at a time, and what is said of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.clients.rebilling_view import sentence_of
from chalicelib.pricing.client_price import AT_COST, ClientPrice
from chalicelib.pricing.rebilling import NO_REBILLING
from tests.clients.rebilling_build import ABSORBED, NEW_UNIT_MS, NOW_MS, markup, price, prices_of, rebilling

DAY_MS = 24 * 60 * 60 * 1000
MONTH = price(4_000_000, "month")
PRICES = st.sampled_from([None, AT_COST, ABSORBED, markup(2), MONTH, price(9_000, "lookup")])
DATED = st.lists(st.tuples(st.integers(-90, 90), PRICES), max_size=3, unique_by=lambda each: each[0])


def dated(days: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """Return settings whose times are days before or after the one on which the unit changes."""
    return [(NEW_UNIT_MS + day * DAY_MS, each) for day, each in days]


@given(own=DATED, default=DATED, start=st.integers(-90, 90), later=st.integers(0, 90))
def test_a_timeline_says_what_is_valid_at_any_later_time(own: Any, default: Any, start: int, later: int) -> None:
    settings = rebilling(knowledge_base=dated(own)), rebilling(default=dated(default))
    start_ms = NEW_UNIT_MS + start * DAY_MS
    time_ms = start_ms + later * DAY_MS
    timeline = prices_of(*settings, start_ms)["knowledge_base"]
    valid = [each for each in timeline if each.from_ms <= time_ms][-1]
    then = prices_of(*settings, time_ms)["knowledge_base"][0]
    assert replace(valid, from_ms=time_ms) == then


def test_a_price_is_void_from_the_day_on_which_the_unit_changes() -> None:
    before, after = prices_of(rebilling(knowledge_base=MONTH))["knowledge_base"]
    assert (before.is_void, before.cost_micros, before.price_micros) == (False, 2_500_000, 4_000_000)
    assert (after.is_void, after.cost_micros, after.price_micros) == (True, 5_000, 5_000)
    assert (after.from_ms, after.chosen, after.valid, after.unit) == (NEW_UNIT_MS, MONTH, AT_COST, "lookup")


def test_a_price_of_what_its_producer_prices_by_now_is_void() -> None:
    (found,) = prices_of(rebilling(ai_tokens=price(1, "request")))["ai_tokens"]
    assert (found.is_void, found.valid, found.is_below_cost) == (True, AT_COST, False)


def test_a_meter_that_is_not_sold_yet_has_its_first_price() -> None:
    (found, later) = prices_of(NO_REBILLING, time_ms=0)["voice_minute"]
    assert (found.cost_micros, later.cost_micros) == (70_000, 65_000)


def test_only_what_is_sold_in_the_currency_and_is_no_receipt_has_prices() -> None:
    assert {"storage", "ai_call"}.isdisjoint(prices_of(NO_REBILLING))


@pytest.mark.parametrize(
    ("meter", "chosen", "sentence"),
    [
        ("sms", price(80_000), "you pay 0.05, your client pays 0.08, you keep 0.03"),
        ("sms", markup(0.5), "you pay 0.05, your client pays 0.025, you lose 0.025"),
        ("sms", AT_COST, "you pay 0.05, your client pays 0.05, you keep nothing"),
        ("sms", ABSORBED, "you pay 0.05, your client pays 0.00, you lose 0.05"),
        ("ai_tokens", AT_COST, "your client pays what you pay"),
        ("ai_tokens", markup(1.5), "your client pays 1.5 times what you pay"),
        ("ai_tokens", ABSORBED, "your client pays nothing"),
    ],
)
def test_a_sentence_says_what_a_price_means(meter: str, chosen: ClientPrice, sentence: str) -> None:
    settings: dict[str, Any] = {meter: chosen}
    assert sentence_of(prices_of(rebilling(**settings), time_ms=NOW_MS)[meter][0], "usd") == sentence
