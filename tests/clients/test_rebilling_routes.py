"""Rebilling over HTTP: what is shown, who may do what, and what a change does when."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso, moved_to, now_ms, parse_iso
from chalicelib.pricing import table
from chalicelib.pricing.rebilling import LEAD_MS
from tests.api import NOBODY, Api, problem
from tests.build import unique
from tests.clients.rebilling_calls import Agency, codes, meter, new_agency

HALF_MORE = {"state": "markup", "markup": "1.5"}
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def agency(api: Api) -> Agency:
    return new_agency(api)


def a_price(amount: str) -> dict[str, str]:
    return {"state": "price", "price": amount}


def version(account_id: str) -> int:
    return table.find(account_id).version


def test_a_client_without_settings_is_not_charged_and_every_meter_that_is_sold_is_shown(agency: Agency) -> None:
    shown = agency.shown(agency.client)
    assert (shown["enabled"], shown["from"], shown["default"], shown["allowance"]) == (False, None, None, "0.00")
    sold = {name for name, each in catalog().meters.items() if "usd" in each.prices or each.priced_by_producer}
    assert {each["meter"] for each in shown["meters"]} == sold
    assert meter(shown, "sms") == {
        "meter": "sms",
        "name": "SMS message",
        "from": shown["at"],
        "state": "at_cost",
        "level": "none",
        "unit": "message",
        "cost": "0.05",
        "price": "0.05",
        "margin": "0.00",
        "markup": None,
        "void": None,
        "sentence": "you pay 0.05, your client pays 0.05, you keep nothing",
        "planned": [],
    }
    assert shown["warnings"] == []


def test_a_change_is_shown_as_it_will_be_and_takes_effect_after_the_lead(agency: Agency) -> None:
    before_ms = now_ms()
    changed = agency.change(agency.client, enabled=True, default=HALF_MORE, meters={"sms": a_price("0.08")})
    at_ms = parse_iso(changed["at"])
    assert before_ms + LEAD_MS <= at_ms <= now_ms() + LEAD_MS
    assert (changed["enabled"], changed["from"]) == (True, changed["at"])
    sms, email = meter(changed, "sms"), meter(changed, "email")
    assert (sms["level"], sms["sentence"]) == ("client_meter", "you pay 0.05, your client pays 0.08, you keep 0.03")
    assert (email["level"], email["markup"], email["price"]) == ("client", "1.5", "0.00375")
    assert meter(changed, "ai_tokens")["sentence"] == "your client pays 1.5 times what you pay"

    shown = agency.shown(agency.client)
    assert (shown["enabled"], shown["enabled_planned"]) == (False, [{"from": changed["at"], "enabled": True}])
    assert meter(shown, "sms")["price"] == "0.05"
    assert [(each["from"], each["price"]) for each in meter(shown, "sms")["planned"]] == [(changed["at"], "0.08")]
    assert shown["default_planned"] == [{"from": changed["at"], "state": "markup", "markup": "1.5"}]
    with moved_to(clock.now() + timedelta(minutes=2)):
        later = agency.shown(agency.client)
    assert (later["enabled"], later["from"], meter(later, "sms")["price"]) == (True, changed["at"], "0.08")
    assert later["default"] == {"from": changed["at"], "state": "markup", "markup": "1.5"}


def test_what_is_left_out_stays_and_null_gives_way_to_the_next_more_general_setting(agency: Agency) -> None:
    agency.change(agency.workspace, default=HALF_MORE, meters={"sms": a_price("0.06")})
    agency.change(agency.client, enabled=True, default={"state": "absorbed"}, meters={"sms": a_price("0.08")})
    levels = [
        meter(agency.change(agency.client, **change), "sms")["level"]
        for change in ({}, {"meters": {"sms": None}}, {"default": None})
    ]
    assert levels == ["client_meter", "client", "workspace_meter"]
    cleared = agency.change(agency.workspace, meters=None)
    assert meter(cleared, "sms")["level"] == "workspace"
    shown = agency.change(agency.client, allowance="12.50")
    assert (shown["enabled"], shown["allowance"], meter(shown, "sms")["level"]) == (True, "12.50", "workspace")
    assert agency.change(agency.client, allowance=None, enabled=None)["enabled"] is False


def test_a_planned_change_is_replaced_by_one_from_an_earlier_time(agency: Agency) -> None:
    first, second = iso(now_ms() + 10 * DAY_MS), iso(now_ms() + 20 * DAY_MS)
    agency.change(agency.client, enabled=True, meters={"sms": a_price("0.07")})
    agency.change(agency.client, **{"from": second}, meters={"sms": a_price("0.09")})
    planned = [each["price"] for each in meter(agency.shown(agency.client), "sms")["planned"]]
    assert planned == ["0.07", "0.09"]
    changed = agency.change(agency.client, **{"from": first}, meters={"sms": a_price("0.08")})
    assert changed["at"] == first
    planned = [each["price"] for each in meter(agency.shown(agency.client), "sms")["planned"]]
    assert planned == ["0.07", "0.08"]


def test_the_same_change_twice_is_one(agency: Agency) -> None:
    body: dict[str, Any] = {"enabled": True, "default": HALF_MORE, "meters": {"sms": a_price("0.08")}, "allowance": "5"}
    agency.change(agency.client, **body)
    first = table.find(agency.client)
    agency.change(agency.client, **body)
    assert table.find(agency.client) == first
    assert agency.change(agency.client)["enabled"] is True
    assert table.find(agency.client) == first


def test_a_new_client_starts_with_its_workspaces_switch_and_prices(agency: Agency) -> None:
    agency.change(agency.workspace, enabled=True, default=HALF_MORE)
    early = agency.api.make_account(f"{agency.workspace}.early", kind="client", workspace_id=agency.workspace)
    with moved_to(clock.now() + timedelta(minutes=2)):
        agency.api.make_account(f"{agency.workspace}.late", kind="client", workspace_id=agency.workspace)
        late = agency.shown(f"{agency.workspace}.late")
        created_at = agency.api.get(f"/v1/accounts/{agency.workspace}.late").json()["created_at"]
        assert agency.shown(early)["enabled"] is agency.shown(agency.client)["enabled"] is False
    assert (late["enabled"], late["from"]) == (True, created_at)
    assert (meter(late, "email")["level"], late["default"]) == ("workspace", None)


def test_prices_that_are_likely_a_mistake_are_saved_only_when_confirmed(agency: Agency) -> None:
    for body, code in (
        ({"meters": {"sms": a_price("0.04")}}, "below_cost"),
        ({"default": {"state": "markup", "markup": "50"}}, "high_markup"),
    ):
        before = version(agency.client)
        refused = problem(agency.put(agency.client, body), 409, "confirmation-needed")
        assert [each["code"] for each in refused["warnings"]] == [code]
        assert (refused["field"], version(agency.client)) == ("confirmed", before)
        assert code in codes(agency.change(agency.client, **body, confirmed=True))
        assert code in codes(agency.change(agency.client, **body))
    refused = problem(agency.put(agency.client, {"meters": {"sms": a_price("0.03")}}), 409, "confirmation-needed")
    assert "sms" in refused["detail"]


def test_a_warning_without_consequence_is_shown_and_saved(agency: Agency) -> None:
    assert codes(agency.change(agency.client, default=HALF_MORE)) == ["switch_off"]
    assert codes(agency.change(agency.client, enabled=True, default={"state": "absorbed"})) == ["nothing_earned"]
    assert agency.change(agency.client, default=HALF_MORE)["warnings"] == []


BAD = {
    "a price in the past": ({"from": "2026-01-01", "default": HALF_MORE}, "from"),
    "a markup of 10,000": ({"default": {"state": "markup", "markup": "10000"}}, "default.markup"),
    "an unknown meter": ({"meters": {"fax": HALF_MORE}}, "meters.fax"),
    "a price on what its producer prices": ({"meters": {"ai_tokens": a_price("1")}}, "meters.ai_tokens.price"),
    "a receipt": ({"meters": {"ai_call": HALF_MORE}}, "meters.ai_call"),
    "a price for all meters": ({"default": a_price("1")}, "default.price"),
}


@pytest.mark.parametrize(("body", "field"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_by_its_field_and_changes_nothing(agency: Agency, body: Any, field: str) -> None:
    assert problem(agency.put(agency.client, {"enabled": True, **body}), 422, "rebilling-invalid")["field"] == field
    assert version(agency.client) == 0


@pytest.mark.parametrize("body", [{"prices": {}}, {"default": {"state": "free"}}, {"enabled": "yes"}, []])
def test_what_is_no_request_for_prices_is_refused(agency: Agency, body: Any) -> None:
    problem(agency.put(agency.client, body), 422, "invalid-request")


def test_who_may_see_and_change_prices(agency: Agency) -> None:
    other = agency.api.make_account(unique("other"))
    for account_id in (agency.workspace, agency.client):
        assert agency.put(account_id, {}, role="operator").status_code == 200
        assert agency.put(account_id, {}).status_code == 200
        assert agency.get(account_id, role="viewer").status_code == 200
        assert agency.put(account_id, {}, query="?preview=true", role="viewer").status_code == 200
        problem(agency.put(account_id, {}, role="viewer"), 403, "forbidden")
        problem(agency.put(account_id, {}, role="producer"), 403, "forbidden")
        for answer in (agency.get(account_id, of=other), agency.put(account_id, {}, of=other)):
            problem(answer, 404, "account-not-found")
    problem(agency.api.get(f"/v1/accounts/{agency.client}/rebilling", token=NOBODY), 401, "unauthorized")


def test_a_client_learns_neither_its_prices_settings_nor_a_cost(agency: Agency) -> None:
    agency.change(agency.client, enabled=True, default=HALF_MORE)
    for role in ("owner", "viewer"):
        for answer in (
            agency.get(agency.client, role=role, of=agency.client),
            agency.put(agency.client, {}, role=role, of=agency.client),
            agency.put(agency.client, {}, query="?preview=true", role=role, of=agency.client),
        ):
            refused = problem(answer, 403, "forbidden")
            assert "0.05" not in str(refused)
        problem(agency.get(agency.workspace, role=role, of=agency.client), 404, "account-not-found")
