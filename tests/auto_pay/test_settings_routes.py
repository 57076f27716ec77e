from typing import Any

import pytest

from chalicelib.auto_pay.change_settings import AutoPayInvalid, AutoPayRequest, read_amounts
from chalicelib.catalog.catalog import catalog
from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.auto_pay.conftest import NewSaver
from tests.auto_pay.world import Saver, World

SETTINGS = {"enabled": True, "threshold": "20", "amount": "50", "monthly_limit": "500"}


def path(saver: Saver) -> str:
    return f"/v1/accounts/{saver.account_id}/auto-pay"


def shown(api: Api, saver: Saver) -> dict[str, Any]:
    """Return auto-pay as the overview shows it."""
    found: dict[str, Any] = api.get(f"/v1/accounts/{saver.account_id}/billing").json()["auto_pay"]
    return found


def test_an_account_that_never_had_auto_pay_shows_it_off(api: Api, new_saver: NewSaver) -> None:
    assert shown(api, new_saver()) == {
        "enabled": False,
        "status": "off",
        "threshold": None,
        "amount": None,
        "monthly_limit": None,
        "currency": "usd",
        "reason": "disabled",
        "detail": "Auto-pay is off.",
        "charge": None,
        "charged_this_month": "0.00",
        "failures": 0,
        "suspended_reason": None,
        "next_attempt_at": None,
        "last_refusal": None,
        "limits": {"minimum": "10.00", "maximum": "5000.00", "step": "0.01"},
    }


def test_switching_on_while_below_charges_at_once_and_the_answer_says_so(
    api: Api, new_saver: NewSaver, world: World
) -> None:
    saver = new_saver()
    answer = api.put(path(saver), SETTINGS)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["threshold"], body["amount"], body["monthly_limit"]) == ("20.00", "50.00", "500.00")
    assert (body["status"], body["reason"]) == ("on", "in_flight")
    assert body["charge"] == {"payment_id": saver.refill.payment_id, "amount": "50.00", "currency": "usd"}
    assert body["charged_this_month"] == "50.00"
    world.settle()
    saver.assert_refilled_once(50)
    assert shown(api, saver)["reason"] == "above_threshold"
    assert shown(api, saver)["charge"] is None
    assert shown(api, saver) == api.get(path(saver)).json()


def test_the_same_settings_again_charge_nothing_more(api: Api, new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    first = api.put(path(saver), SETTINGS).json()
    assert api.put(path(saver), SETTINGS).json() == first
    world.settle()
    assert api.put(path(saver), SETTINGS).json()["reason"] == "above_threshold"
    saver.assert_refilled_once(50)


def test_switching_off_keeps_the_amounts_and_charges_nothing_more(api: Api, saver: Saver, world: World) -> None:
    off = api.put(path(saver), {"enabled": False}).json()
    assert (off["enabled"], off["status"], off["reason"]) == (False, "off", "disabled")
    assert (off["threshold"], off["amount"], off["monthly_limit"]) == ("20.00", "50.00", None)
    saver.spend_down_to(0)
    world.settle()
    world.minute()
    assert len(saver.refills) == 1
    assert saver.auto_pay.is_idle


def test_what_is_left_out_stays_and_null_is_no_monthly_limit(api: Api, new_saver: NewSaver) -> None:
    saver = new_saver()
    amounts = {"threshold": "0.00", "amount": "50.00", "monthly_limit": "500.00"}
    assert problem(api.put(path(saver), {"enabled": True}), 422, "auto-pay-invalid")["field"] == "threshold"
    about = problem(api.put(path(saver), {"enabled": True, "threshold": "0"}), 422, "auto-pay-invalid")
    assert about["field"] == "amount"
    api.put(path(saver), {"enabled": False, **amounts})
    for enabled in (True, False, True):
        shown = api.put(path(saver), {"enabled": enabled}).json()
        assert {"enabled": enabled, **amounts}.items() <= shown.items()
    shown = api.put(path(saver), {"enabled": True, "amount": "60"}).json()
    assert {**amounts, "amount": "60.00"}.items() <= shown.items()
    for enabled in (False, True):
        shown = api.put(path(saver), {"enabled": enabled, "monthly_limit": None}).json()
        assert (shown["amount"], shown["monthly_limit"]) == ("60.00", None)
        api.put(path(saver), {"enabled": enabled, "monthly_limit": "500"})


def test_a_refill_that_is_under_way_when_it_is_switched_off_is_finished(
    api: Api, new_saver: NewSaver, world: World
) -> None:
    saver = new_saver()
    api.put(path(saver), SETTINGS)
    assert api.put(path(saver), {"enabled": False}).json()["charge"]["amount"] == "50.00"
    world.settle()
    saver.assert_refilled_once(50)
    assert saver.auto_pay.is_idle


def test_without_a_card_it_cannot_be_switched_on(api: Api, new_saver: NewSaver) -> None:
    saver = new_saver(card=None)
    about = problem(api.put(path(saver), SETTINGS), 409, "card-missing")
    assert "card-setups" in about["detail"]
    assert api.put(path(saver), {**SETTINGS, "enabled": False}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "slug", "field"),
    [
        ({"threshold": None}, "auto-pay-invalid", "threshold"),
        ({"amount": None}, "auto-pay-invalid", "amount"),
        ({"amount": "9.99"}, "auto-pay-invalid", "amount"),
        ({"amount": "0"}, "auto-pay-invalid", "amount"),
        ({"amount": "5000.01"}, "auto-pay-invalid", "amount"),
        ({"amount": "50.001"}, "auto-pay-invalid", "amount"),
        ({"amount": "-50"}, "invalid-request", "amount"),
        ({"amount": "fifty"}, "invalid-request", "amount"),
        ({"amount": 50}, "invalid-request", "amount"),
        ({"threshold": "20.005"}, "auto-pay-invalid", "threshold"),
        ({"threshold": "5000.01"}, "auto-pay-invalid", "threshold"),
        ({"amount": "3000", "threshold": "3000.01", "monthly_limit": None}, "auto-pay-invalid", "threshold"),
        ({"threshold": "-1"}, "invalid-request", "threshold"),
        ({"monthly_limit": "49.99"}, "auto-pay-invalid", "monthly_limit"),
        ({"monthly_limit": "0"}, "auto-pay-invalid", "monthly_limit"),
        ({"monthly_limit": "500.005"}, "auto-pay-invalid", "monthly_limit"),
        ({"currency": "eur"}, "currency-mismatch", "currency"),
        ({"currency": "USD"}, "invalid-request", "currency"),
        ({"enabled": "yes"}, "invalid-request", "enabled"),
        ({"limit": "1"}, "invalid-request", "limit"),
        ({"enabled": False, "amount": "9"}, "auto-pay-invalid", "amount"),
    ],
    ids=str,
)
def test_settings_that_do_not_work_are_refused_by_name(
    api: Api, new_saver: NewSaver, changes: dict[str, Any], slug: str, field: str
) -> None:
    saver = new_saver()
    assert problem(api.put(path(saver), {**SETTINGS, **changes}), 422, slug)["field"] == field
    assert shown(api, saver)["enabled"] is False
    assert saver.payments == []


@pytest.mark.parametrize(
    "changes", [{"threshold": "0"}, {"threshold": "5000"}, {"monthly_limit": "50"}, {"currency": "usd"}], ids=str
)
def test_settings_at_the_very_edge_are_taken(api: Api, new_saver: NewSaver, changes: dict[str, Any]) -> None:
    assert api.put(path(new_saver()), {**SETTINGS, **changes}).status_code == 200


def test_a_currency_has_its_own_limits_and_decimals(api: Api, new_saver: NewSaver, world: World) -> None:
    saver = new_saver(currency="jpy")
    yen = {"enabled": True, "threshold": "1000", "amount": "3500"}
    assert problem(api.put(path(saver), {**yen, "amount": "3500.5"}), 422, "auto-pay-invalid")["field"] == "amount"
    assert api.put(path(saver), yen).json()["charge"]["amount"] == "3500"
    world.settle()
    assert saver.balance == 3500


def test_who_may_only_look_may_not_switch(api: Api, saver: Saver) -> None:
    viewer, owner = api.token("viewer", saver.account_id), api.token("owner", saver.account_id)
    problem(api.put(path(saver), {"enabled": False}, token=viewer), 403, "forbidden")
    assert api.get(path(saver), token=viewer).json()["enabled"] is True
    assert api.put(path(saver), {"enabled": False}, token=owner).json()["enabled"] is False
    problem(api.get(path(saver), token=api.token("owner", "stranger")), 404, "account-not-found")
    problem(api.put(path(saver), {"enabled": False}, token=api.token("owner", "stranger")), 404, "account-not-found")
    assert saver.auto_pay.actor.startswith("owner")


def test_the_overview_tells_of_a_decline_and_of_the_next_attempt(
    api: Api, saver: Saver, world: World, emulator: Emulator
) -> None:
    saver.save_card("pm_card_chargeCustomerFail")
    world.settle()
    saver.spend_down_to(1)
    world.settle()
    found = shown(api, saver)
    assert (found["status"], found["reason"], found["failures"]) == ("on", "backing_off", 1)
    assert found["next_attempt_at"] > found["last_refusal"]["at"]
    refusal = {name: found["last_refusal"][name] for name in ("reason", "code", "decline_code")}
    assert refusal == {"reason": "card_declined", "code": "card_declined", "decline_code": "generic_decline"}
    assert found["detail"].endswith("at the time shown.")


@pytest.mark.parametrize("field", ["threshold", "amount", "monthly_limit"])
def test_an_amount_of_whole_units_alone_has_no_places(field: str) -> None:
    whole = {"threshold": "20", "amount": "50", "monthly_limit": "500"}
    limits = catalog().limits("usd")
    assert read_amounts(AutoPayRequest(enabled=True, **whole), None, "isk", limits).amount_micros == 50_000_000
    with pytest.raises(AutoPayInvalid, match="more than the 0 decimals of isk"):
        read_amounts(AutoPayRequest(enabled=True, **{**whole, field: "60.50"}), None, "isk", limits)
