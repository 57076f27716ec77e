"""Runs at once, runs that come late, and changes in between: each period is charged once, and none is skipped."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.cards.table import remove_card
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import Deadline
from chalicelib.errors import Refusal
from chalicelib.invoices.issue import issue
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.subscriptions import renew, table
from chalicelib.subscriptions.advance import advance_subscription
from tests.payments.wire import before_writing
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

MANY = 40
RUNS = 2
ENOUGH_SECONDS = 600
END = moment("2027-02-28")


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(deeds)) as pool:
        return [each.result() for each in [pool.submit(deed) for deed in deeds]]


def periods(subscriber: Subscriber) -> list[str]:
    return [clock.iso(each.period_start_ms or 0)[:10] for each in subscriber.paid]


@pytest.fixture
def many(new_subscriber: NewSubscriber, world: RenewalWorld) -> list[Subscriber]:
    subscribers = [new_subscriber() for _ in range(MANY)]
    with world.at(moment("2027-01-31")):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Subscriber.put, subscribers))
        world.settle()
    return subscribers


def test_a_period_and_other_documents_of_the_account_share_the_numbers(
    subscriber: Subscriber, world: RenewalWorld
) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
        topped_up = [subscriber.top_up("10", f"key-{number}").payment for number in range(15)]
    with world.at(END + timedelta(minutes=5)):
        world.fire("find_renewals")
        world.deliver_renewals()
        world.deliver_charges()
        at_once(subscriber.advance, *[lambda each=each: issue(each, catalog()) for each in topped_up])
    assert subscriber.subscription.pending is None
    assert len(subscriber.invoiced) == 2 + len(topped_up)


def test_two_runs_at_once_over_many_that_are_due_charge_each_of_them_once(
    many: list[Subscriber], world: RenewalWorld
) -> None:
    def run() -> int:
        found = renew.queue_due(clock.now_ms(), Deadline(ENOUGH_SECONDS))
        for account_id in table.due(clock.now_ms()):
            advance_subscription(account_id, catalog())
        return found

    with world.at(END + timedelta(minutes=5)):
        found = at_once(*[run] * RUNS)
        assert max(found) == MANY
        at_once(*[lambda: [world.deliver_charges() for _ in range(MANY // 4)]] * 4)
        world.settle()
        world.again()
        world.run()
    created = world.emulator.calls("POST", "/v1/payment_intents")
    assert len({call["idempotency_key"] for call in created}) == 2 * MANY
    assert len(world.emulator.charges()) == 2 * MANY
    for each in many:
        assert (each.amounts, periods(each)) == ([97, 97], ["2027-01-31", "2027-02-28"])
        assert (each.status(), each.subscription.pending) == ("active", None)


def test_eight_who_renew_the_same_one_at_once_make_one_payment(subscriber: Subscriber, world: RenewalWorld) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put()
    with world.at(END + timedelta(minutes=5)):
        at_once(*[subscriber.advance] * 8)
        world.settle()
        at_once(*[subscriber.advance] * 8)
    assert subscriber.amounts == [97, 97]
    assert len(subscriber.payments) == 2


def test_a_run_three_days_late_charges_the_period_from_the_anchor(subscriber: Subscriber, world: RenewalWorld) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put()
    world.run_on("2027-03-03")
    assert periods(subscriber) == ["2027-01-31", "2027-02-28"]
    assert clock.iso(subscriber.subscription.terms.period_end_ms)[:10] == "2027-03-31"


def test_a_run_months_late_charges_every_period_in_its_order(subscriber: Subscriber, world: RenewalWorld) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put()
    world.run_on("2027-06-15")
    assert periods(subscriber) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
    assert subscriber.amounts == [97] * 5
    assert (subscriber.status(), subscriber.subscription.due_at_ms) == (
        *("active", subscriber.subscription.terms.period_end_ms),
    )
    subscriber.assert_sound()


@pytest.mark.parametrize("early_ms", [0, 10, 20, 30, 40, 60, 80, 120, 160])
def test_a_change_and_a_renewal_at_the_same_moment_are_made_one_after_the_other(
    subscriber: Subscriber, world: RenewalWorld, early_ms: int
) -> None:
    """Whichever comes first, the next period is charged once, for what is held then; a change is paid or refused."""
    with world.at(moment("2027-01-31")):
        subscriber.put()
    end = clock.from_ms(subscriber.subscription.terms.period_end_ms)

    def renew_until_done() -> None:
        while clock.now() < end + timedelta(milliseconds=100):
            subscriber.advance()

    with world.at(end - timedelta(milliseconds=early_ms)):
        at_once(lambda: _refused_or_done(subscriber, "change", voice_features=1), renew_until_done)
        world.settle()
    with world.at(end + timedelta(minutes=20)):
        world.run()
    held = bool(subscriber.subscription.terms.contents.add_ons)
    # 20.00 for 1 of 28 days is 0.714286.
    assert subscriber.amounts == ([97, 0.71, 117] if held else [97, 97])
    assert subscriber.subscription.carried_micros == (4_286 if held else 0)
    assert max(periods(subscriber)) == "2027-02-28"
    assert subscriber.subscription.pending is None
    subscriber.assert_sound()


def test_the_same_change_sent_by_eight_at_once_is_charged_once(subscriber: Subscriber, world: RenewalWorld) -> None:
    with world.at(moment("2027-01-31")):
        at_once(*[lambda: _refused_or_done(subscriber, "start")] * 8)
        world.settle()
        assert subscriber.put(key="start").subscription.status == "active"
    assert subscriber.amounts == [97]


def test_two_changes_at_once_are_made_one_after_the_other_or_refused(
    subscriber: Subscriber, world: RenewalWorld
) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put()
        at_once(
            lambda: _refused_or_done(subscriber, "one", phone_number=10),
            lambda: _refused_or_done(subscriber, "two", phone_number=20),
        )
        world.settle()
    numbers = subscriber.subscription.terms.contents.add_ons["phone_number"]
    assert sum(subscriber.amounts) == pytest.approx(97 + 1.15 * numbers)
    subscriber.assert_sound()


def _refused_or_done(subscriber: Subscriber, key: str, **add_ons: int) -> None:
    with suppress(Refusal):
        subscriber.put("agency", key, **add_ons)


def test_a_card_that_is_saved_while_a_period_becomes_owed_for_want_of_one_is_tried_at_once(
    subscriber: Subscriber, world: RenewalWorld
) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
    card = subscriber.card()
    with world.at(END + timedelta(minutes=5)):
        assert remove_card(subscriber.account_id, PLATFORM, card.payment_method_id)
        again = replace(card, payment_method_id="pm_card_visa", set_up_at_ms=clock.now_ms())
        with before_writing(lambda: subscriber.put_card(again)):
            subscriber.advance()
        assert subscriber.subscription.pending
        world.settle()
    assert (subscriber.status(), subscriber.amounts) == ("active", [97, 97])
    subscriber.assert_sound()
