"""A client's renewal waits while its workspace's connection does not work, as its auto-pay does, and then goes on."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.connection.refusals import WorkspaceNotConnected
from chalicelib.stripe_api.errors import StripeUnavailable
from chalicelib.subscriptions.dunning import CARD_NEEDED_AGAIN
from chalicelib.subscriptions.pay_past_due import NothingOwed
from chalicelib.subscriptions.renewal import Means, Renewal, next_step
from chalicelib.subscriptions.renewal_hold import HOLD_RETRY_MS, NOT_CONNECTED, resume_after_hold
from chalicelib.subscriptions.subscription import Contents, Subscription
from chalicelib.subscriptions.view import view_subscription
from local.stripe_emulator.client import Emulator
from tests.connection.owner import Owner, new_account
from tests.environment import use
from tests.subscriptions.build import DAY_MS, END_MS, subscription
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

WAITS = Means(None, waits=True)


def step(current: Subscription, means: Means, now_ms: int = END_MS) -> Subscription:
    after = next_step(current, means, catalog(), now_ms)
    assert isinstance(after, Subscription)
    return after


@pytest.mark.parametrize("status", ["active", "trialing", "past_due"])
def test_it_is_neither_charged_nor_counted_nor_given_up(status: str) -> None:
    current = replace(subscription(), status=status, due_at_ms=END_MS, attempt=2)
    held = step(current, WAITS)
    assert held.held
    assert (held.status, held.held.reason, held.due_at_ms) == (status, NOT_CONNECTED, END_MS + HOLD_RETRY_MS)
    assert (held.attempt, held.access_until_ms, held.failure) == (2, None, None)
    a_year_later = step(held, WAITS, END_MS + 365 * DAY_MS)
    assert a_year_later.held == held.held
    assert (a_year_later.status, a_year_later.attempt) == (status, 2)


def test_no_day_of_dunning_is_lost_by_waiting() -> None:
    owed = subscription(
        status="past_due", attempt=1, past_due_since_ms=END_MS, due_at_ms=END_MS + 3 * DAY_MS, failure=CARD_NEEDED_AGAIN
    )
    held = step(owed, WAITS, END_MS + 3 * DAY_MS)
    back = resume_after_hold(held, END_MS + 30 * DAY_MS)
    assert (back.held, back.due_at_ms) == (None, END_MS + 30 * DAY_MS)
    failed = step(back, Means(None), END_MS + 30 * DAY_MS)
    assert (failed.status, failed.attempt, failed.due_at_ms) == ("past_due", 2, END_MS + 32 * DAY_MS)


def test_one_that_waits_for_its_bank_is_not_given_up_either() -> None:
    owed = subscription(
        status="past_due", due_at_ms=END_MS, failure=replace(CARD_NEEDED_AGAIN, code="authentication_required")
    )
    assert step(owed, WAITS).status == "past_due"
    assert step(owed, Means(None)).status == "unpaid"


def test_what_needs_no_card_goes_on_and_who_leaves_leaves() -> None:
    free = replace(catalog(), plans={"free": replace(catalog().plans["starter"], amounts_micros={"usd": 0})})
    after = next_step(subscription(scheduled=Contents("free")), WAITS, free, END_MS)
    assert isinstance(after, Subscription)
    assert (after.terms.period_start_ms, after.held) == (END_MS, None)
    assert step(subscription(cancel_at_period_end=True), WAITS).status == "canceled"


def test_it_is_charged_from_its_own_day_when_payments_are_possible_again() -> None:
    held = step(subscription(), WAITS)
    due = next_step(held, Means("pm_1"), catalog(), END_MS + 9 * DAY_MS)
    assert isinstance(due, Renewal)
    assert due.terms.period_start_ms == END_MS
    elsewhere = step(held, Means(None, needed_again=True), END_MS + 9 * DAY_MS)
    assert (elsewhere.status, elsewhere.failure, elsewhere.held) == ("past_due", CARD_NEEDED_AGAIN, None)


def subscribed(world: RenewalWorld, emulator: Emulator) -> tuple[Owner, Subscriber]:
    """Return a workspace and a client of it that began to subscribe on 31 January."""
    owner = Owner(new_account(), emulator)
    owner.connect()
    client = Subscriber(owner.new_client().account_id, emulator)
    with world.at(moment("2027-01-31")):
        client.put("starter")
        world.settle()
    return owner, client


def test_a_break_costs_a_client_nothing_and_its_periods_stay(world: RenewalWorld, emulator: Emulator) -> None:
    owner, client = subscribed(world, emulator)
    account = owner.stripe_account_id
    owner.disconnect()
    for day in ("2027-02-28", "2027-03-03", "2027-03-07", "2027-03-20"):
        world.run_on(day)
    shown = view_subscription(client.subscription, catalog(), None)
    assert shown.held
    assert (shown.status, shown.owed, shown.next_renewal, shown.held.since[:10]) == ("active", None, None, "2027-02-28")
    assert client.subscription.access_until_ms is None
    with world.at(moment("2027-03-20") + timedelta(minutes=20)):
        owner.connect(account)
        world.settle()
    assert client.amounts == [49, 49]
    assert (client.status(), client.subscription.held) == ("active", None)
    with world.at(moment("2027-03-31") + timedelta(minutes=5)):
        world.run()
    assert client.amounts == [49, 49, 49]
    client.assert_sound()


def test_it_goes_on_within_the_hour_when_the_record_of_the_connection_is_lost(
    world: RenewalWorld, emulator: Emulator
) -> None:
    owner, client = subscribed(world, emulator)
    account = owner.stripe_account_id
    owner.disconnect()
    world.run_on("2027-02-28")
    owner.connect(account)
    world.take("follow_connections")
    world.run_on("2027-02-28", minutes=70)
    assert client.amounts == [49, 49]


def test_on_another_account_the_card_is_asked_for_with_its_reason(world: RenewalWorld, emulator: Emulator) -> None:
    owner, client = subscribed(world, emulator)
    owner.disconnect()
    world.run_on("2027-02-28")
    with world.at(moment("2027-03-01")):
        owner.connect()
        world.settle()
        assert (client.status(), client.subscription.failure) == ("past_due", CARD_NEEDED_AGAIN)
        client.save_card()
        world.settle()
    assert (client.status(), client.paid[-1].stripe_account) == ("active", owner.stripe_account_id)


def charged_at_the_break(world: RenewalWorld, emulator: Emulator, fault: str) -> tuple[Owner, Subscriber]:
    """Return a client whose renewal was sent, and closed at a break before its end was known."""
    owner, client = subscribed(world, emulator)
    emulator.fault(fault, method="POST", path="/v1/payment_intents", times=0)
    world.run_on("2027-02-28")
    emulator.clear_faults()
    owner.disconnect()
    with world.at(moment("2027-02-28") + timedelta(minutes=30)):
        client.sweep_at(0)
        world.settle()
    assert client.payments[0].closed_at_break_ms is not None
    assert (client.status(), client.subscription.attempt) == ("active", 0)
    assert client.subscription.held
    return owner, client


@pytest.mark.parametrize("fault", ["500_after_effect", "cut_before_effect"])
def test_a_renewal_in_flight_at_the_break_is_asked_about_first_and_charged_once(
    world: RenewalWorld, emulator: Emulator, fault: str
) -> None:
    owner, client = charged_at_the_break(world, emulator, fault)
    with world.at(moment("2027-03-02")):
        owner.connect(owner.stripe_account_id)
        world.settle()
    assert client.amounts == [49, 49]
    assert (client.status(), client.subscription.held) == ("active", None)
    assert all(each.closed_at_break_ms is None for each in client.payments)
    client.assert_sound()


def test_nothing_is_charged_before_stripe_has_said_how_it_ended(world: RenewalWorld, emulator: Emulator) -> None:
    owner, client = charged_at_the_break(world, emulator, "500_after_effect")
    emulator.fault("status", method="GET", path="/v1/payment_intents*", status=500, times=0)
    with world.at(moment("2027-03-02")):
        owner.connect(owner.stripe_account_id)
        world.settle()
        assert client.subscription.held
        assert client.amounts == [49, 49]  # the second is the one whose end is not known
    emulator.clear_faults()
    world.run_on("2027-03-02", minutes=70)
    assert (client.amounts, client.status()) == ([49, 49], "active")


def test_paying_by_hand_asks_first_how_the_last_payment_ended(world: RenewalWorld, emulator: Emulator) -> None:
    owner, client = subscribed(world, emulator)
    client.put_test_card("pm_card_chargeCustomerFail")
    world.run_on("2027-02-28")
    client.put_test_card("pm_card_visa")
    account = owner.stripe_account_id
    with world.at(moment("2027-03-01")):
        emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents", times=0)
        client.pay()
        emulator.clear_faults()
        owner.disconnect()
    with world.at(moment("2027-03-01") + timedelta(minutes=30)):
        client.sweep_at(0)
        client.advance()
        assert client.subscription.held
        owner.connect(account)
        with use({"STRIPE_API_BASE": "http://127.0.0.1:9"}), pytest.raises(StripeUnavailable):
            client.pay()
        with pytest.raises(NothingOwed):
            client.pay()
        world.settle()
    assert (client.status(), client.amounts) == ("active", [49, 49])
    client.assert_sound()


def test_nobody_pays_by_hand_while_the_workspace_takes_no_payments(world: RenewalWorld, emulator: Emulator) -> None:
    owner, client = subscribed(world, emulator)
    client.put_test_card("pm_card_chargeCustomerFail")
    world.run_on("2027-02-28")
    assert client.status() == "past_due"
    account = owner.stripe_account_id
    owner.disconnect()
    with world.at(moment("2027-03-01")), pytest.raises(WorkspaceNotConnected):
        client.pay()
    for day in ("2027-03-03", "2027-03-05", "2027-03-07", "2027-03-12"):
        world.run_on(day)
    assert (client.status(), client.subscription.attempt) == ("past_due", 1)
    with world.at(moment("2027-03-12") + timedelta(minutes=20)):
        owner.connect(account)
        client.put_test_card("pm_card_visa")
        world.settle()
    assert (client.status(), client.amounts) == ("active", [49, 49])
