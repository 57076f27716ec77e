"""How a request that changes rebilling is read, and which are refused."""

from typing import Any

import pytest

from chalicelib.accounts.account import Account
from chalicelib.clients.price_change import Change
from chalicelib.clients.rebilling_request import RebillingInvalid, read_change
from chalicelib.clock import iso
from chalicelib.http_input import InvalidRequest
from chalicelib.pricing.client_price import AT_COST, ClientPrice
from chalicelib.pricing.rebilling import ALL_METERS, LEAD_MS, NO_REBILLING, Rebilling
from tests.clients.rebilling_build import (
    ABSORBED,
    CLIENT,
    NEW_UNIT_MS,
    NOW_MS,
    WORKSPACE,
    catalog_with_new_unit,
    markup,
    price,
    rebilling,
    request,
)


def read(account: Account = CLIENT, current: Rebilling = NO_REBILLING, **fields: Any) -> Change:
    return read_change(request(**fields), account, current, catalog_with_new_unit(), now_ms=NOW_MS)


def refused_field(account: Account = CLIENT, **fields: Any) -> object:
    with pytest.raises(RebillingInvalid) as caught:
        read(account, **fields)
    assert caught.value.detail.startswith(f"{caught.value.about['field']}: ")
    return caught.value.about["field"]


def test_each_state_is_read_for_all_meters_and_for_one() -> None:
    change = read(
        enabled=True,
        default={"state": "markup", "markup": "1.2345"},
        meters={
            "sms": {"state": "price", "price": "0.000001"},
            "email": {"state": "absorbed"},
            "ai_tokens": {"state": "at_cost"},
            "llm_minute": None,
        },
        allowance="12.50",
    )
    prices = {ALL_METERS: markup(1.2345), "sms": price(1), "email": ABSORBED, "ai_tokens": AT_COST, "llm_minute": None}
    assert change == Change(NOW_MS + LEAD_MS, enabled=True, prices=prices, allowance_micros=12_500_000)


def test_what_is_left_out_is_no_change_and_null_clears() -> None:
    assert read() == Change(NOW_MS + LEAD_MS)
    current = rebilling(default=ABSORBED, sms=ABSORBED, email=AT_COST)
    cleared = read(current=current, enabled=None, default=None, meters=None, allowance=None)
    nothing: dict[str, ClientPrice | None] = {ALL_METERS: None, "sms": None, "email": None}
    assert cleared == Change(NOW_MS + LEAD_MS, enabled=False, prices=nothing, allowance_micros=0)


def test_a_change_takes_effect_after_the_lead_at_the_earliest_and_never_in_the_past() -> None:
    assert read(start=iso(NOW_MS)).from_ms == NOW_MS + LEAD_MS
    assert read(start=iso(NOW_MS + LEAD_MS + 1)).from_ms == NOW_MS + LEAD_MS + 1
    assert iso(read(start="2026-12-01").from_ms) == "2026-12-01T00:00:00.000Z"
    assert refused_field(start=iso(NOW_MS - 1)) == "from"
    assert refused_field(start="2026-11-15") == "from"
    with pytest.raises(InvalidRequest, match="from"):
        read(start="tomorrow")


def test_a_price_is_for_the_unit_of_the_time_from_which_it_is_valid() -> None:
    meters = {"knowledge_base": {"state": "price", "price": "3"}}
    before, after = read(meters=meters), read(meters=meters, start=iso(NEW_UNIT_MS))
    assert before.prices["knowledge_base"] == price(3_000_000, "month")
    assert after.prices["knowledge_base"] == price(3_000_000, "lookup")


@pytest.mark.parametrize("text", ["0", "0.00001", "1.23456", "1000.0001", "10000", "-1", "1e3", "", "٣", "9" * 40])
def test_a_markup_is_above_0_at_most_1000_and_has_at_most_4_decimals(text: str) -> None:
    assert refused_field(default={"state": "markup", "markup": text}) == "default.markup"


@pytest.mark.parametrize("text", ["0.0001", "1", "1000", "1000.0000"])
def test_markups_at_the_limits_are_taken(text: str) -> None:
    assert read(default={"state": "markup", "markup": text}).prices[ALL_METERS] == markup(float(text))


@pytest.mark.parametrize("text", ["0", "0.0000001", "100000.01", "-1", "NaN", "", " 1"])
def test_a_price_is_above_0_and_believable(text: str) -> None:
    assert refused_field(meters={"sms": {"state": "price", "price": text}}) == "meters.sms.price"


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ({"state": "price"}, "price"),
        ({"state": "markup"}, "markup"),
        ({"state": "price", "markup": "2"}, "price"),
        ({"state": "price", "price": "1", "markup": "2"}, "markup"),
        ({"state": "markup", "price": "1", "markup": "2"}, "price"),
        ({"state": "at_cost", "price": "1"}, "price"),
        ({"state": "absorbed", "markup": "2"}, "markup"),
    ],
)
def test_a_number_belongs_to_its_state(setting: dict[str, str], field: str) -> None:
    assert refused_field(meters={"sms": setting}) == f"meters.sms.{field}"


ONE = {"state": "price", "price": "1"}


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"default": ONE}, "default.price", "different units"),
        ({"meters": {"ai_tokens": ONE}}, "meters.ai_tokens.price", "priced by its producer"),
        ({"meters": {"fax": None}}, "meters.fax", "no such meter"),
        ({"meters": {"x" * 3_000: ONE}}, f"meters.{'x' * 64}", "no such meter"),
        ({"meters": {ALL_METERS: ONE}}, "meters.*", "no such meter"),
        ({"meters": {"storage": ONE}}, "meters.storage", "not sold in usd"),
        ({"meters": {"ai_call": {"state": "absorbed"}}}, "meters.ai_call", "set voice_engine_minute, llm_minute"),
    ],
)
def test_what_cannot_be_priced_so_is_refused_and_says_why(fields: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(RebillingInvalid, match=says) as caught:
        read(**fields)
    assert caught.value.about["field"] == field


def test_only_a_client_has_an_allowance() -> None:
    assert refused_field(WORKSPACE, allowance="1") == "allowance"
    assert refused_field(CLIENT, allowance="10000000.01") == "allowance"
    assert read(WORKSPACE, allowance=None) == Change(NOW_MS + LEAD_MS)
