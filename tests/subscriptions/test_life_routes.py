"""The rest of a subscription's life over HTTP: canceling, trials, years, and what is owed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.catalog.catalog import catalog
from chalicelib.idempotency import Key
from chalicelib.subscriptions.pay_past_due import pay_past_due
from chalicelib.subscriptions.view import view_paid
from tests.accounts.viewers import viewer
from tests.api import Api, problem
from tests.subscriptions.asking import ask, later, put
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment


@pytest.fixture(autouse=True)
def _in_february(world: RenewalWorld) -> Iterator[None]:
    """Let it be 10 February 2027; 28 days begin then, for those who subscribe."""
    with world.at(moment("2027-02-10")):
        yield


def test_canceling_and_resuming(api: Api, subscriber: Subscriber, world: RenewalWorld) -> None:
    put(api, subscriber, key="start")
    problem(ask(api, subscriber, "POST", "/resume"), 409, "not-canceled")
    canceled = ask(api, subscriber, "DELETE").json()
    assert (canceled["status"], canceled["cancel_at_period_end"], canceled["next_renewal"]) == ("active", True, None)
    problem(ask(api, subscriber, "DELETE"), 409, "already-canceled")
    assert ask(api, subscriber, "POST", "/resume").json()["cancel_at_period_end"] is False
    ask(api, subscriber, "DELETE")
    assert put(api, subscriber)["subscription"]["cancel_at_period_end"] is False
    ask(api, subscriber, "DELETE")
    world.run_on("2027-03-10")
    ended = ask(api, subscriber, "GET").json()
    assert (ended["status"], ended["ended_at"]) == ("canceled", ended["period_end"])
    problem(ask(api, subscriber, "DELETE"), 409, "already-canceled")
    problem(ask(api, subscriber, "POST", "/resume"), 409, "not-canceled")
    assert subscriber.amounts == [97]
    with later(world, 60):
        assert put(api, subscriber, "starter", key="anew")["subscription"]["status"] == "active"
    assert subscriber.amounts == [97, 49]


def test_canceling_with_a_reason(api: Api, subscriber: Subscriber, world: RenewalWorld) -> None:
    def said(role: str = "operator") -> Any:
        return ask(api, subscriber, "GET", role=role).json()["cancellation"]

    put(api, subscriber, key="start")
    for wrong in ({"reason": "bored"}, {"comment": "x" * 201}, {"comment": ""}, {"why": "x"}):
        problem(ask(api, subscriber, "POST", "/cancel", wrong), 422, "invalid-request")
    assert subscriber.subscription.cancel_at_period_end is False
    why = {"reason": "too_expensive", "comment": "We send little."}
    answer = ask(api, subscriber, "POST", "/cancel", why, key="end").json()
    assert (answer["cancel_at_period_end"], answer["cancellation"]) == (True, None)
    assert ask(api, subscriber, "POST", "/cancel", why, key="end").json() == answer
    problem(ask(api, subscriber, "POST", "/cancel", {"reason": "unused"}, key="end"), 409, "idempotency-conflict")
    assert said("owner") is None
    assert {name: said()[name] for name in why} == why
    ask(api, subscriber, "POST", "/resume")
    assert said() is None
    ask(api, subscriber, "POST", "/cancel", {"reason": "unused"})
    world.run_on("2027-03-10")
    assert (subscriber.status(), said()["reason"], said()["comment"]) == ("canceled", "unused", None)
    with later(world, 60):
        put(api, subscriber, "starter", key="anew")
    assert said() is None


def test_canceling_without_a_reason_drops_what_was_to_come(api: Api, subscriber: Subscriber) -> None:
    put(api, subscriber, key="start")
    assert put(api, subscriber, "starter")["subscription"]["scheduled"] == {"plan": "starter", "add_ons": {}}
    assert ask(api, subscriber, "POST", "/cancel", {}).json()["scheduled"] is None
    assert subscriber.subscription.cancellation is None
    kept = ask(api, subscriber, "POST", "/resume").json()
    assert (kept["scheduled"], kept["next_renewal"]["charge"]["amount"]) == (None, "97.00")


def test_fewer_than_are_in_use_cannot_be_had(api: Api, subscriber: Subscriber) -> None:
    put(api, subscriber, key="start", phone_number=3)
    noted = ask(api, subscriber, "PUT", "/in-use", {"add_ons": {"phone_number": 2}}, role="operator")
    assert noted.json()["in_use"] == {"phone_number": 2}
    refused = ask(api, subscriber, "PUT", "", {"plan": "agency", "add_ons": {"phone_number": 1}})
    assert problem(refused, 409, "add-on-in-use")["in_use"] == 2
    assert put(api, subscriber, phone_number=2)["subscription"]["scheduled"]["add_ons"] == {"phone_number": 2}


def test_a_change_between_the_periods_waits_for_the_renewal(
    api: Api, subscriber: Subscriber, world: RenewalWorld
) -> None:
    put(api, subscriber, key="start")
    with world.at(moment("2027-03-10") + timedelta(minutes=1)):
        problem(ask(api, subscriber, "PUT", "?preview=true", {"plan": "starter"}), 409, "subscription-renewing")
        problem(ask(api, subscriber, "PUT", "", {"plan": "starter"}), 409, "subscription-pending")
        world.settle()
        assert put(api, subscriber, "starter")["subscription"]["scheduled"] == {"plan": "starter", "add_ons": {}}
    assert subscriber.amounts == [97, 97]


def test_a_trial_is_free_once_and_then_charged(api: Api, new_subscriber: NewSubscriber, world: RenewalWorld) -> None:
    me = new_subscriber()
    begun = put(api, me, "solo")
    assert (begun["subscription"]["status"], begun["charge"]["amount"]) == ("trialing", "0.00")
    assert begun["subscription"]["trial_end"][:10] == "2027-02-24"
    more = put(api, me, "solo", key="more", phone_number=1)
    assert (more["subscription"]["status"], more["subscription"]["add_ons"]) == ("trialing", {"phone_number": 1})
    world.run_on("2027-02-24")
    assert (me.status(), me.amounts) == ("active", [0.57, 20.15])
    assert clock.iso(me.subscription.terms.period_end_ms)[:10] == "2027-03-24"
    ask(api, me, "DELETE")
    world.run_on("2027-03-24")
    with world.at(moment("2027-04-01")):
        assert put(api, me, "solo", key="again")["charge"]["amount"] == "19.00"


def test_a_yearly_plan_is_charged_once_a_year(api: Api, new_subscriber: NewSubscriber, world: RenewalWorld) -> None:
    me = new_subscriber(currency="jpy")
    with world.at(moment("2028-02-29")):
        begun = put(api, me, "agency_yearly", key="start", phone_number=1)
        assert begun["charge"]["amount"] == "147040"
    world.run_on("2029-02-27")
    world.run_on("2029-02-28")
    assert len(me.charges) == 2
    assert clock.iso(me.subscription.terms.period_end_ms)[:10] == "2030-02-28"


def test_paying_needs_something_owed(api: Api, subscriber: Subscriber) -> None:
    put(api, subscriber, key="start")
    problem(ask(api, subscriber, "POST", "/pay"), 400, "idempotency-key-missing")
    problem(ask(api, subscriber, "POST", "/pay", key="k"), 409, "nothing-owed")


def test_an_owed_renewal_that_costs_nothing_by_now_is_paid_with_nothing(
    api: Api, subscriber: Subscriber, world: RenewalWorld
) -> None:
    put(api, subscriber, key="start")
    put(api, subscriber, "starter")
    subscriber.put_test_card("pm_card_chargeCustomerFail")
    world.run_on("2027-03-10")
    free = replace(catalog().plans["starter"], amounts_micros={"usd": 0})
    given_away = replace(catalog(), plans={**catalog().plans, "starter": free})
    key = Key("free", "customer")
    with world.at(moment("2027-03-11")):
        for _ in range(2):  # the second time as a repeat of the first
            paid = pay_past_due(subscriber.load(), key=key, actor="tester", catalog=given_away)
            assert (paid.subscription.status, paid.resolved) == ("active", None)
            assert view_paid(paid, given_away, None, viewer(subscriber.account_id)).payment is None
        assert subscriber.subscription.terms.contents.plan == "starter"
        problem(ask(api, subscriber, "POST", "/pay", key="k"), 409, "nothing-owed")
    assert subscriber.amounts == [97]


def test_what_is_owed_is_shown_and_paid(api: Api, subscriber: Subscriber, world: RenewalWorld) -> None:
    put(api, subscriber, key="start")
    subscriber.put_test_card("pm_card_chargeCustomerFail")
    world.run_on("2027-03-10")
    with world.at(moment("2027-03-11")):
        shown = ask(api, subscriber, "GET").json()
        assert shown["status"] == "past_due"
        assert (shown["owed"]["charge"]["amount"], shown["owed"]["attempts"]) == ("97.00", 1)
        assert shown["owed"]["failure"]["decline_code"] == "generic_decline"
        assert shown["owed"]["next_attempt_at"][:10] == "2027-03-13"
        problem(ask(api, subscriber, "PUT", "", {"plan": "starter"}, key="k"), 409, "subscription-past-due")
        problem(ask(api, subscriber, "POST", "/pay", key="one"), 402, "card-declined")
        subscriber.put_test_card("pm_card_visa")
        problem(ask(api, subscriber, "POST", "/pay", key="one"), 402, "card-declined")
        for other in ("0", "96.99", "97.01"):
            refused = ask(api, subscriber, "POST", "/pay", {"expected_amount": other}, key=other)
            assert problem(refused, 409, "quote-changed")["amount"] == "97.00"
        problem(ask(api, subscriber, "POST", "/pay", {"expected_amount": "much"}, key="much"), 422, "invalid-request")
        paid = ask(api, subscriber, "POST", "/pay", {"expected_amount": "97.00"}, key="two")
        assert (paid.status_code, paid.json()["subscription"]["status"]) == (200, "active")
        assert ask(api, subscriber, "POST", "/pay", key="two").json()["payment"] == paid.json()["payment"]
    assert subscriber.amounts == [97, 97]
    assert paid.json()["subscription"]["owed"] is None
