"""Trials over HTTP: nothing that costs is had in one without a card, and all that is charged was said before."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import clock
from tests.api import Api, problem
from tests.subscriptions.asking import Json, ask, later, put, put_all
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

DEARER: list[Json] = [
    {"plan": "agency", "add_ons": {"phone_number": 9000}},
    {"plan": "starter"},
    {"plan": "starter_yearly"},
    {"plan": "solo", "add_ons": {"phone_number": 1}},
    {"plan": "solo", "add_ons": {"phone_number": 9000, "voice_features": 1}},
]


@pytest.fixture(autouse=True)
def _in_february(world: RenewalWorld) -> Iterator[None]:
    """Let it be 10 February 2027; 28 days begin then, and a trial of Solo is over on the 24th."""
    with world.at(moment("2027-02-10")):
        yield


def by_day(body: Any) -> str:
    """Return an answer without the times of day, which go on from a preview to what is done."""
    return re.sub(r"T[0-9:.]+Z", "", json.dumps(body))


@pytest.mark.parametrize("wanted", DEARER)
def test_without_a_card_a_trial_is_of_its_plan_alone(api: Api, new_subscriber: NewSubscriber, wanted: Json) -> None:
    me = new_subscriber(card=None)
    put(api, me, "solo")
    held = ask(api, me, "GET").json()
    problem(ask(api, me, "PUT", "", wanted, key="k"), 409, "card-missing")
    assert ask(api, me, "GET").json() == held
    assert (held["status"], me.payments) == ("trialing", [])


@pytest.mark.parametrize("wanted", DEARER[3:])
def test_a_trial_does_not_begin_with_more_than_its_plan(api: Api, new_subscriber: NewSubscriber, wanted: Json) -> None:
    me = new_subscriber(card=None)
    problem(ask(api, me, "PUT", "", wanted, key="k"), 409, "card-missing")
    problem(ask(api, me, "GET"), 404, "subscription-not-found")
    assert put(api, me, "solo")["subscription"]["status"] == "trialing"


def test_a_card_that_was_removed_in_a_trial_is_missing(api: Api, subscriber: Subscriber) -> None:
    put(api, subscriber, "solo", key="start", voice_features=1)
    subscriber.remove_card()
    for wanted in DEARER[:3]:
        problem(ask(api, subscriber, "PUT", "", wanted, key="k"), 409, "card-missing")
    assert put(api, subscriber, "solo", voice_features=1)["subscription"]["status"] == "trialing"
    assert subscriber.amounts == [10]


@pytest.mark.parametrize("wanted", [*DEARER, {"plan": "solo", "add_ons": {"phone_number": 40}}])
def test_what_a_preview_said_is_charged_and_done(
    api: Api, subscriber: Subscriber, world: RenewalWorld, wanted: Json
) -> None:
    put(api, subscriber, "solo")
    with later(world, 7):
        said = ask(api, subscriber, "PUT", "?preview=true", wanted).json()
        done = ask(api, subscriber, "PUT", "", {**wanted, "expected_amount": said["charge"]["amount"]}, key="k").json()
        assert by_day([done["subscription"], done["charge"]]) == by_day([said["subscription"], said["charge"]])
        assert done["subscription"]["add_ons"] == wanted.get("add_ons", {})
        assert subscriber.amounts == [float(said["charge"]["amount"])] * bool(float(said["charge"]["amount"]))
    world.run_on(done["subscription"]["next_renewal"]["at"][:10])
    assert subscriber.amounts[-1] == float(said["subscription"]["next_renewal"]["charge"]["amount"])
    assert subscriber.status() == "active"
    subscriber.assert_sound()


def test_a_trial_begins_with_paid_add_ons_and_they_are_charged_again_at_its_end(
    api: Api, subscriber: Subscriber, world: RenewalWorld
) -> None:
    begun = put(api, subscriber, "solo", key="start", voice_features=1)
    assert (begun["subscription"]["status"], begun["charge"]["amount"]) == ("trialing", "10.00")
    assert begun["subscription"]["trial_end"][:10] == "2027-02-24"
    for number in (40, 80):
        with later(world, 7):
            more = put_all(api, subscriber, "solo", {"voice_features": 1, "phone_number": number}, key=str(number))
        assert (more["subscription"]["status"], more["charge"]["amount"]) == ("trialing", "11.50")
    world.run_on("2027-02-24")
    assert (subscriber.status(), subscriber.amounts) == ("active", [10, 11.5, 11.5, 19 + 20 + 80 * 1.15])
    subscriber.assert_sound()


def test_a_declined_upgrade_leaves_the_trial_as_it_was(api: Api, new_subscriber: NewSubscriber) -> None:
    me = new_subscriber("pm_card_chargeCustomerFail")
    put(api, me, "solo")
    held = ask(api, me, "GET").json()
    for key, wanted in enumerate(DEARER[:3]):
        problem(ask(api, me, "PUT", "", wanted, key=str(key)), 402, "card-declined")
    assert ask(api, me, "GET").json() == held


@pytest.mark.parametrize("wanted", DEARER[1:3])
def test_who_canceled_in_the_trial_has_no_other(
    api: Api, new_subscriber: NewSubscriber, world: RenewalWorld, wanted: Json
) -> None:
    me = new_subscriber(card=None)
    put(api, me, "solo")
    ask(api, me, "DELETE")
    problem(ask(api, me, "PUT", "", wanted, key="k"), 409, "card-missing")
    world.run_on("2027-02-24")
    with world.at(moment("2027-02-25")):
        problem(ask(api, me, "PUT", "", {"plan": "solo"}, key="k2"), 409, "card-missing")
    assert clock.iso(me.subscription.ended_at_ms or 0)[:10] == "2027-02-24"
