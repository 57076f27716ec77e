"""The process ends before or after each call that a renewal or a change makes: each period is charged once."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.auto_pay.send_refill import send_refill
from chalicelib.payments.charge_queued import charge_all
from chalicelib.payments.refusals import CardDeclined
from chalicelib.subscriptions import renew
from chalicelib.subscriptions.change import ChangeResult
from local.stripe_emulator.client import Emulator
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment
from tests.wire import cuts

DUE = moment("2027-02-28") + timedelta(minutes=5)
CREATE = "/v1/payment_intents"


@pytest.fixture
def due(new_subscriber: NewSubscriber, world: RenewalWorld) -> Callable[..., Subscriber]:
    """Return a function that makes a subscriber whose second period is about to be charged."""

    def make(card: str = "pm_card_visa") -> Subscriber:
        subscriber = new_subscriber()
        with world.at(moment("2027-01-31")):
            subscriber.put("agency")
            world.settle()
        if card != "pm_card_visa":
            with world.at(moment("2027-02-10")):
                subscriber.save_card(card)
                world.settle()
        return subscriber

    return make


def message(subscriber: Subscriber) -> list[dict[str, str]]:
    return [{"messageId": "1", "body": json.dumps({"account_id": subscriber.account_id})}]


def renewing(subscriber: Subscriber) -> Callable[[], Any]:
    return lambda: renew.renew_queued(message(subscriber), subscriber.catalog)


def charging(subscriber: Subscriber) -> Callable[[], Any]:
    pending = subscriber.subscription.pending
    assert pending
    body = json.dumps({"account_id": subscriber.account_id, "payment_id": pending.payment_id})
    return lambda: charge_all([{"messageId": "1", "body": body}], send_refill=send_refill)


def assert_renewed_once(subscriber: Subscriber, world: RenewalWorld) -> None:
    """Let everything come that comes by itself, and check that the second period was charged once."""
    with world.at(DUE):
        world.settle()
    for minutes in (15, 30):
        with world.at(DUE + timedelta(minutes=minutes)):
            world.fire("sweep_payments")
            world.run()
    assert subscriber.amounts == [97, 97]
    assert subscriber.status() == "active"
    assert subscriber.subscription.terms.period_start_ms == subscriber.paid[-1].period_start_ms
    assert (subscriber.subscription.pending, len(subscriber.payments)) == (None, 2)
    with world.at(DUE + timedelta(minutes=45)):
        world.again()
        world.run()
    assert subscriber.amounts == [97, 97]
    subscriber.assert_sound()


def each_cut(
    run: Callable[[Subscriber], Callable[[], Any]], first: Subscriber, world: RenewalWorld
) -> Iterator[Callable[[Subscriber], None]]:
    """Yield, for each call that the run makes, a function that cuts another subscriber's run off there."""
    with world.at(DUE):
        found = list(cuts(run(first), world.emulator))
    for cut_off in found:

        def cut(subscriber: Subscriber, cut_off: Callable[..., None] = cut_off) -> None:
            with world.at(DUE):
                cut_off(run(subscriber))

        yield cut


def test_writing_the_payment_of_a_period_may_be_cut_off_anywhere(
    due: Callable[..., Subscriber], world: RenewalWorld
) -> None:
    made = 0
    for cut in each_cut(renewing, due(), world):
        subscriber = due()
        cut(subscriber)
        assert_renewed_once(subscriber, world)
        made += 1
    assert made >= 4


def test_charging_the_payment_of_a_period_may_be_cut_off_anywhere(
    due: Callable[..., Subscriber], world: RenewalWorld
) -> None:
    def waiting() -> Subscriber:
        subscriber = due()
        with world.at(DUE):
            renewing(subscriber)()
        return subscriber

    for cut in each_cut(charging, waiting(), world):
        subscriber = waiting()
        cut(subscriber)
        assert_renewed_once(subscriber, world)


def test_recording_that_a_period_was_paid_may_be_cut_off_anywhere(
    due: Callable[..., Subscriber], world: RenewalWorld
) -> None:
    def charged() -> Subscriber:
        subscriber = due()
        with world.at(DUE):
            renewing(subscriber)()
            charging(subscriber)()
        return subscriber

    for cut in each_cut(lambda each: each.advance, charged(), world):
        subscriber = charged()
        cut(subscriber)
        brought = subscriber.subscription.paid_payment_id
        assert (subscriber.invoiced[-1], len(subscriber.invoiced)) == (
            brought,
            1 if subscriber.subscription.pending else 2,
        )
        assert_renewed_once(subscriber, world)


def test_recording_a_decline_may_be_cut_off_anywhere_and_counts_once(
    due: Callable[..., Subscriber], world: RenewalWorld
) -> None:
    def declined() -> Subscriber:
        subscriber = due("pm_card_chargeCustomerFail")
        with world.at(DUE):
            renewing(subscriber)()
            charging(subscriber)()
        return subscriber

    for cut in each_cut(lambda each: each.advance, declined(), world):
        subscriber = declined()
        cut(subscriber)
        with world.at(DUE + timedelta(minutes=15)):
            world.run()
            world.again()
            world.run()
        assert (subscriber.status(), subscriber.subscription.attempt) == ("past_due", 1)
        assert subscriber.amounts == [97]
        assert len(subscriber.payments) == 2


def test_the_search_for_what_is_due_may_be_cut_off_anywhere(
    due: Callable[..., Subscriber], world: RenewalWorld
) -> None:
    for cut in each_cut(lambda _: lambda: world.fire("find_renewals"), due(), world):
        subscriber = due()
        cut(subscriber)
        assert_renewed_once(subscriber, world)


@pytest.mark.parametrize("kind", ["cut_before_effect", "cut_after_effect", "500_after_effect", "500_saved", "status"])
def test_stripe_may_be_cut_off_before_and_after_its_effect(
    due: Callable[..., Subscriber], world: RenewalWorld, emulator: Emulator, kind: str
) -> None:
    subscriber = due()
    emulator.fault(kind, path=f"{CREATE}*", times=2, **({"status": 429} if kind == "status" else {}))  # type: ignore[arg-type]
    with world.at(DUE):
        world.run()
    assert_renewed_once(subscriber, world)


def test_a_start_may_be_cut_off_anywhere_and_its_repeat_finishes_it(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    def starting(subscriber: Subscriber) -> Callable[[], ChangeResult]:
        return lambda: subscriber.put("agency", key="the-key")

    for cut in each_cut(starting, new_subscriber(), world):
        subscriber = new_subscriber()
        cut(subscriber)
        with world.at(DUE + timedelta(minutes=1)):
            changed = starting(subscriber)()
        assert changed.subscription.status == "active"
        assert subscriber.amounts == [97]
        with world.at(DUE + timedelta(minutes=20)):
            world.settle()
            world.run()
        assert (subscriber.subscription.pending, subscriber.amounts) == (None, [97])
        subscriber.assert_sound()


def test_a_change_that_is_cut_off_anywhere_and_never_repeated_is_made_and_paid_or_neither(
    due: Callable[..., Subscriber], world: RenewalWorld
) -> None:
    early = moment("2027-02-10") + timedelta(minutes=5)

    def changing(subscriber: Subscriber) -> None:
        subscriber.put("agency", voice_features=1, key="the-key")

    first = due()
    with world.at(early):
        found = list(cuts(lambda: changing(first), world.emulator))
    results = set()
    for cut_off in found:
        subscriber = due()
        with world.at(early):
            cut_off(lambda subscriber=subscriber: changing(subscriber))  # type: ignore[misc]
        with world.at(early + timedelta(minutes=20)):
            world.fire("sweep_payments")
            world.run()
        held = bool(subscriber.subscription.terms.contents.add_ons)
        assert subscriber.amounts == ([97, 12.85] if held else [97])
        assert subscriber.subscription.pending is None
        subscriber.assert_sound()
        results.add(held)
    assert results == {True, False}


def test_a_declined_change_that_is_cut_off_anywhere_leaves_the_old(
    due: Callable[..., Subscriber], world: RenewalWorld
) -> None:
    early = moment("2027-02-11")

    def changing(subscriber: Subscriber) -> None:
        with suppress(CardDeclined):
            subscriber.put("agency", voice_features=1, key="the-key")

    first = due("pm_card_chargeCustomerFail")
    with world.at(early):
        found = list(cuts(lambda: changing(first), world.emulator))
    for cut_off in found:
        subscriber = due("pm_card_chargeCustomerFail")
        before = subscriber.subscription.terms
        with world.at(early):
            cut_off(lambda subscriber=subscriber: changing(subscriber))  # type: ignore[misc]
        with world.at(early + timedelta(minutes=20)):
            world.fire("sweep_payments")
            world.run()
        assert (subscriber.subscription.terms, subscriber.amounts) == (before, [97])
        assert (subscriber.subscription.pending, subscriber.subscription.carried_micros) == (None, 0)
