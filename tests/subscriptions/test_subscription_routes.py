"""Beginning and changing a subscription over HTTP: what it costs, and what is refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib import clock
from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.subscriptions.asking import Json, ask, later, overview, put, put_all, token
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment


@pytest.fixture(autouse=True)
def _in_february(world: RenewalWorld) -> Iterator[None]:
    """Let it be 10 February 2027; 28 days begin then, for those who subscribe."""
    with world.at(moment("2027-02-10")):
        yield


def test_an_account_without_one_has_none(api: Api, subscriber: Subscriber) -> None:
    problem(ask(api, subscriber, "GET"), 404, "subscription-not-found")
    problem(ask(api, subscriber, "DELETE"), 404, "subscription-not-found")
    problem(ask(api, subscriber, "POST", "/resume"), 404, "subscription-not-found")
    problem(ask(api, subscriber, "POST", "/pay", key="1"), 404, "subscription-not-found")
    assert overview(api, subscriber)["subscription"] is None


def test_a_start_is_charged_shown_and_in_the_overview(api: Api, subscriber: Subscriber) -> None:
    made = put(api, subscriber, key="start", phone_number=2)
    assert made["preview"] is False
    assert made["payment"]["state"] == "succeeded"
    assert made["payment"]["amount"] == "99.30"
    assert made["charge"] == {
        "amount": "99.30",
        "currency": "usd",
        "carried": "0.00",
        "tax": None,
        "lines": [
            {
                "description": "Agency",
                "quantity": 1,
                "unit_amount": "97.00",
                "amount": "97.00",
                "period_start": made["subscription"]["period_start"],
                "period_end": made["subscription"]["period_end"],
            },
            {
                "description": "Phone number",
                "quantity": 2,
                "unit_amount": "1.15",
                "amount": "2.30",
                "period_start": made["subscription"]["period_start"],
                "period_end": made["subscription"]["period_end"],
            },
        ],
    }
    shown = ask(api, subscriber, "GET", role="viewer").json()
    assert shown == made["subscription"]
    assert (shown["status"], shown["plan"], shown["add_ons"]) == ("active", "agency", {"phone_number": 2})
    assert (shown["period_start"][:10], shown["period_end"][:10]) == ("2027-02-10", "2027-03-10")
    assert shown["next_renewal"]["at"] == shown["period_end"]
    assert shown["next_renewal"]["charge"]["amount"] == "99.30"
    page = overview(api, subscriber)
    assert page["subscription"] == shown
    # It was paid for, and is not balance.
    assert page["wallet"]["balance"] == "0.00"
    assert subscriber.credits == []


def test_add_ons_that_are_left_out_stay_and_what_is_sent_is_all_there_is(api: Api, subscriber: Subscriber) -> None:
    both, one = {"phone_number": 2, "voice_features": 1}, {"phone_number": 1}
    first = ask(api, subscriber, "PUT", "", {"plan": "agency", "add_ons": both}, key="start").json()
    assert first["subscription"]["add_ons"] == both
    changes: list[tuple[Json, Json | None]] = [
        ({"plan": "agency"}, None),
        ({"plan": "starter"}, {"plan": "starter", "add_ons": both}),
        ({"plan": "agency"}, None),
        ({"plan": "agency", "add_ons": one}, {"plan": "agency", "add_ons": one}),
        ({"plan": "agency"}, {"plan": "agency", "add_ons": one}),
        ({"plan": "starter"}, {"plan": "starter", "add_ons": one}),
        ({"plan": "agency", "add_ons": None}, {"plan": "agency", "add_ons": {}}),
        ({"plan": "agency", "add_ons": both}, None),
        ({"plan": "agency", "add_ons": {}}, {"plan": "agency", "add_ons": {}}),
    ]
    for body, scheduled in changes:
        foreseen = ask(api, subscriber, "PUT", "?preview=true", body).json()["subscription"]
        shown = ask(api, subscriber, "PUT", "", body).json()["subscription"]
        assert (shown["add_ons"], shown["scheduled"]) == (both, scheduled), body
        assert (foreseen["add_ons"], foreseen["scheduled"]) == (both, scheduled), body
    assert len(subscriber.amounts) == 1


def test_a_new_subscription_has_no_add_ons_unless_they_are_sent(api: Api, subscriber: Subscriber) -> None:
    first, again = (ask(api, subscriber, "PUT", "", {"plan": "agency"}, key="start").json() for _ in range(2))
    assert first["subscription"]["add_ons"] == again["subscription"]["add_ons"] == {}
    assert first["payment"] == again["payment"]


def test_the_same_key_gives_the_same_answer_and_charges_once(api: Api, subscriber: Subscriber) -> None:
    first, again = (put(api, subscriber, key="start") for _ in range(2))
    assert first["payment"] == again["payment"]
    assert subscriber.amounts == [97]
    other = ask(api, subscriber, "PUT", "", {"plan": "starter", "add_ons": {}}, key="start")
    problem(other, 409, "idempotency-conflict")


def test_what_is_charged_needs_a_key_and_what_is_not_does_not(api: Api, subscriber: Subscriber) -> None:
    problem(ask(api, subscriber, "PUT", "", {"plan": "agency"}), 400, "idempotency-key-missing")
    put(api, subscriber, key="start", voice_features=1)
    assert put(api, subscriber)["subscription"]["scheduled"] == {"plan": "agency", "add_ons": {}}
    assert put(api, subscriber, "starter")["subscription"]["scheduled"] == {"plan": "starter", "add_ons": {}}
    assert put(api, subscriber, voice_features=1)["subscription"]["scheduled"] is None
    assert subscriber.amounts == [117]


@pytest.mark.parametrize(
    ("plan", "add_ons", "days"),
    [
        ("starter", {"phone_number": 3}, 0.5),
        ("agency", {"phone_number": 3, "voice_features": 2}, 3.3),
        ("agency_yearly", {"phone_number": 1}, 17.5),
        ("agency", {"phone_number": 1}, 27.5),
        ("agency", {}, 20),
    ],
)
def test_a_preview_does_nothing_and_says_what_is_then_charged(
    api: Api, subscriber: Subscriber, world: RenewalWorld, plan: str, add_ons: dict[str, int], days: float
) -> None:
    problem(ask(api, subscriber, "PUT", "?preview=yes", {"plan": plan}), 422, "invalid-request")
    foreseen = put(api, subscriber, path="?preview=true")
    assert foreseen["preview"] is True
    assert (foreseen["payment"], foreseen["charge"]["amount"]) == (None, "97.00")
    problem(ask(api, subscriber, "GET"), 404, "subscription-not-found")
    put(api, subscriber, key="start")
    with later(world, days):
        before = ask(api, subscriber, "GET").json()
        foreseen = put_all(api, subscriber, plan, add_ons, path="?preview=true")
        assert ask(api, subscriber, "GET").json() == before
        made = put_all(api, subscriber, plan, add_ons, key="change")
        assert _stable(made) == _stable(foreseen)
        amount = foreseen["charge"]["amount"]
        assert subscriber.amounts[1:] == ([float(amount)] if amount != "0.00" else [])
    end = clock.from_ms(clock.parse_iso(made["subscription"]["period_end"]))
    with world.at(end + timedelta(minutes=5)):
        world.run()
    assert f"{subscriber.amounts[-1]:.2f}" == foreseen["subscription"]["next_renewal"]["charge"]["amount"]
    subscriber.assert_sound()


def _stable(answer: Json) -> Json:
    """Return what of an answer does not hang on the very millisecond."""
    kept = {name: answer["subscription"][name] for name in ("status", "plan", "add_ons", "scheduled")}
    charge = answer["charge"]
    lines = [{name: value for name, value in line.items() if "period" not in name} for line in charge["lines"]]
    renewal = answer["subscription"]["next_renewal"]["charge"]["amount"]
    return {**kept, "renewal": renewal, "amount": charge["amount"], "carried": charge["carried"], "lines": lines}


def test_a_viewer_may_preview_and_no_more_and_a_stranger_learns_nothing(
    api: Api, subscriber: Subscriber, new_subscriber: NewSubscriber
) -> None:
    put(api, subscriber, key="start")
    body = {"plan": "starter"}
    assert ask(api, subscriber, "PUT", "?preview=true", body, role="viewer").status_code == 200
    for method, path, sent in (
        *(("PUT", "", body), ("DELETE", "", None), ("POST", "/resume", None), ("POST", "/pay", None)),
        ("DELETE", "/pending", None),
        ("PUT", "/in-use", {"add_ons": {}}),
    ):
        problem(ask(api, subscriber, method, path, sent, role="viewer", key="k"), 403, "forbidden")
    problem(ask(api, subscriber, "PUT", "/in-use", {"add_ons": {}}), 403, "forbidden")
    stranger = token(api, "owner", new_subscriber(card=None).account_id)
    for method in ("GET", "PUT", "DELETE"):
        url = f"/v1/accounts/{subscriber.account_id}/subscription"
        sent = body if method == "PUT" else None
        problem(api.call(method, url, sent, token=stranger), 404, "account-not-found")


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"plan": "golden"}, "unknown-product"),
        ({"plan": "agency", "add_ons": {"jet": 1}}, "unknown-product"),
        ({"plan": "agency", "add_ons": {"phone_number": -1}}, "invalid-request"),
        ({"plan": "agency", "add_ons": {"phone_number": 1.5}}, "invalid-request"),
        ({"plan": "agency", "add_ons": {"phone_number": 10_001}}, "invalid-request"),
        ({"plan": "agency", "quantity": 1}, "invalid-request"),
        ({"add_ons": {}}, "invalid-request"),
        ({"plan": "agency_yearly", "add_ons": {"voice_features": 10_000}}, "amount-not-chargeable"),
        ({"plan": "agency", "expected_amount": "much"}, "invalid-request"),
    ],
)
def test_what_is_not_sold_is_refused(api: Api, subscriber: Subscriber, body: Json, slug: str) -> None:
    problem(ask(api, subscriber, "PUT", "", body, key="k"), 422, slug)
    assert subscriber.payments == []


def test_without_a_card_nothing_begins(api: Api, new_subscriber: NewSubscriber) -> None:
    me = new_subscriber(card=None)
    problem(ask(api, me, "PUT", "", {"plan": "agency"}, key="k"), 409, "card-missing")
    problem(ask(api, me, "GET"), 404, "subscription-not-found")


def test_a_declined_start_begins_nothing_and_a_declined_change_changes_nothing(
    api: Api, new_subscriber: NewSubscriber
) -> None:
    me = new_subscriber("pm_card_chargeCustomerFail")
    problem(ask(api, me, "PUT", "", {"plan": "agency"}, key="a"), 402, "card-declined")
    problem(ask(api, me, "PUT", "", {"plan": "agency"}, key="a"), 402, "card-declined")
    problem(ask(api, me, "GET"), 404, "subscription-not-found")
    me.put_test_card("pm_card_visa")
    before = put(api, me, key="b")["subscription"]
    me.put_test_card("pm_card_chargeCustomerFail")
    refused = ask(api, me, "PUT", "", {"plan": "agency", "add_ons": {"voice_features": 1}}, key="c")
    problem(refused, 402, "card-declined")
    assert ask(api, me, "GET").json() == before
    assert me.amounts == [97]


def test_a_change_that_the_bank_wants_verified_is_made_when_it_is(
    api: Api, new_subscriber: NewSubscriber, emulator: Emulator
) -> None:
    me = new_subscriber()
    put(api, me, key="start")
    me.save_card("pm_card_authenticationRequired")
    body = {"plan": "agency", "add_ons": {"voice_features": 1}}
    answer = ask(api, me, "PUT", "", body, key="change")
    assert answer.status_code == 202
    found = answer.json()
    assert found["authentication"]["client_secret"]
    assert (found["subscription"]["add_ons"], found["subscription"]["pending"]["add_ons"]) == (
        *({}, {"voice_features": 1}),
    )
    problem(ask(api, me, "PUT", "", {"plan": "starter"}, key="other"), 409, "subscription-pending")
    problem(ask(api, me, "PUT", "?preview=true", {"plan": "starter"}), 409, "subscription-pending")
    emulator.authenticate(str(me.payments[0].payment_intent_id))
    again = put(api, me, key="change", voice_features=1)
    assert (again["subscription"]["add_ons"], again["subscription"]["pending"]) == ({"voice_features": 1}, None)
    assert me.amounts == [97, 20]


def test_a_change_that_waits_for_the_customer_may_be_withdrawn(
    api: Api, new_subscriber: NewSubscriber, emulator: Emulator
) -> None:
    me = new_subscriber()
    problem(ask(api, me, "DELETE", "/pending"), 404, "subscription-not-found")
    put(api, me, key="start")
    assert ask(api, me, "DELETE", "/pending").status_code == 204
    me.save_card("pm_card_authenticationRequired")
    body = {"plan": "agency", "add_ons": {"voice_features": 1}}
    ask(api, me, "PUT", "", body, key="change")
    assert ask(api, me, "DELETE", "/pending").status_code == 204
    assert (me.subscription.pending, me.subscription.terms.contents.add_ons) == (None, {})
    problem(ask(api, me, "PUT", "", body, key="change"), 409, "payment-canceled")
    ask(api, me, "PUT", "", body, key="again")
    emulator.authenticate(str(me.payments[0].payment_intent_id))
    # It was confirmed before it could be withdrawn: it is paid, and made.
    assert ask(api, me, "DELETE", "/pending").status_code == 204
    assert (me.subscription.terms.contents.add_ons, me.amounts) == ({"voice_features": 1}, [97, 20])


def test_a_change_that_is_never_verified_is_given_up(
    api: Api, new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    me = new_subscriber()
    put(api, me, key="start")
    me.save_card("pm_card_authenticationRequired")
    ask(api, me, "PUT", "", {"plan": "agency", "add_ons": {"voice_features": 1}}, key="change")
    with later(world, 1.1):
        world.fire("sweep_payments")
        world.settle()
        shown = ask(api, me, "GET").json()
    assert (shown["add_ons"], shown["pending"], shown["status"]) == ({}, None, "active")


def test_what_a_preview_said_may_be_insisted_on(api: Api, subscriber: Subscriber) -> None:
    body = {"plan": "agency", "expected_amount": "96.00"}
    assert problem(ask(api, subscriber, "PUT", "", body, key="k"), 409, "quote-changed")["amount"] == "97.00"
    assert ask(api, subscriber, "PUT", "", {**body, "expected_amount": "97"}, key="k").status_code == 200
