"""Refills that are sent long after they were decided: the world may be another one by then."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import clock
from chalicelib.auto_pay.change_settings import AutoPayRequest
from chalicelib.clock import month_of
from chalicelib.payments.resolve import resolve
from local.stripe_emulator.client import Emulator
from tests.auto_pay.conftest import NewSaver
from tests.auto_pay.world import Saver, World

HOUR = timedelta(hours=1)
CREATE = "/v1/payment_intents"
BEFORE = datetime(2027, 1, 31, 23, 59, 50, tzinfo=UTC)
AFTER = datetime(2027, 2, 1, 0, 0, 10, tzinfo=UTC)


@pytest.fixture
def waiting(saver: Saver, world: World) -> Saver:
    """Return an account with 1 in the wallet whose second refill is on the charges queue."""
    saver.spend_down_to(1)
    world.deliver_stream("refill_wallets")
    assert saver.auto_pay.in_flight_payment_id
    return saver


def charged(saver: Saver, month: str) -> int:
    """Return what Stripe has charged in a month, by its own time, in cents."""
    return sum(each["amount"] for each in saver.charges if month_of(each["created"] * 1000) == month)


def test_a_refill_counts_in_the_month_in_which_it_is_charged(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    with world.at(BEFORE):
        saver.switch_on(monthly_limit="100")
    with world.at(AFTER):
        for _ in range(4):
            world.settle()
            saver.spend_down_to(1)
        assert charged(saver, "2027-02") == 100_00
        assert (saver.view.reason, saver.view.charged_this_month) == ("monthly_limit_reached", "100.00")
    with world.at(datetime(2027, 3, 1, tzinfo=UTC)):
        world.minute()
        assert charged(saver, "2027-03") == 50_00


def test_a_refill_sent_before_and_found_after_the_turn_counts_where_stripe_charged_it(
    new_saver: NewSaver, world: World, emulator: Emulator
) -> None:
    saver = new_saver()
    emulator.fault("cut_after_effect", method="POST", path=CREATE, times=2)
    with world.at(BEFORE):
        saver.switch_on(monthly_limit="100")
        world.deliver_charges()
    with world.at(AFTER + HOUR):
        for _ in range(5):
            world.five_minutes()
            saver.spend_down_to(1)
    assert (charged(saver, "2027-01"), charged(saver, "2027-02")) == (50_00, 100_00)


def test_a_refill_that_did_not_arrive_before_the_turn_counts_in_the_new_month(
    new_saver: NewSaver, world: World, emulator: Emulator
) -> None:
    saver = new_saver()
    emulator.fault("cut_before_effect", method="POST", path=CREATE, times=2)
    with world.at(BEFORE):
        saver.switch_on(monthly_limit="100")
        world.deliver_charges()
    with world.at(AFTER + HOUR):
        for _ in range(5):
            world.five_minutes()
            saver.spend_down_to(1)
    assert (charged(saver, "2027-01"), charged(saver, "2027-02")) == (0, 100_00)


def settings(**changes: str) -> AutoPayRequest:
    return AutoPayRequest(enabled=True, **{"threshold": "20", "amount": "50", **changes})


STALE: dict[str, Callable[[Saver], object]] = {
    "above_threshold": lambda saver: saver.top_up("25"),
    "disabled": lambda saver: saver.switch_off(),
    "limit": lambda saver: saver.put(settings(monthly_limit="50")),
    "threshold": lambda saver: saver.put(settings(threshold="1")),
}


@pytest.mark.parametrize("change", STALE.values(), ids=STALE)
def test_a_refill_that_is_late_by_hours_and_not_wanted_any_more_is_not_made(
    waiting: Saver, world: World, change: Callable[[Saver], object]
) -> None:
    change(waiting)
    charges = len(waiting.charges)
    with world.at(clock.now() + 5 * HOUR):
        world.settle()
        world.five_minutes()
        refill = waiting.refills[1]
        assert refill.state == "canceled"
        assert refill.failure
        assert refill.failure.code in {"outdated", "monthly_limit_reached"}
        assert refill.failure.message.startswith("It was not made: ")
        assert len(waiting.charges) == charges
        assert (waiting.auto_pay.in_flight_payment_id, waiting.auto_pay.failures) == (None, 0)
        assert waiting.view.reason in {"above_threshold", "disabled", "monthly_limit_reached"}


def test_a_card_that_was_replaced_meanwhile_is_the_one_that_is_charged(waiting: Saver, world: World) -> None:
    waiting.save_card("pm_card_mastercard")
    with world.at(clock.now() + 5 * HOUR):
        world.settle()
    assert [each.state for each in waiting.refills] == ["succeeded", "canceled", "succeeded"]
    assert [each.card_brand for each in waiting.refills[1:]] == ["visa", "mastercard"]
    assert (waiting.balance, len(waiting.charges)) == (51, 2)


def test_a_smaller_refill_takes_the_place_of_one_that_is_too_large_by_now(saver: Saver, world: World) -> None:
    saver.spend_down_to(-200)
    world.deliver_stream("refill_wallets")
    assert saver.refills[1].amount_micros == 250_000_000
    saver.top_up("100")
    with world.at(clock.now() + 5 * HOUR):
        world.settle()
    assert [each.state for each in saver.refills] == ["succeeded", "canceled", "succeeded"]
    assert (saver.refills[2].amount_micros, saver.balance) == (150_000_000, 50)


def test_a_refill_that_is_still_wanted_is_made_however_late(waiting: Saver, world: World) -> None:
    with world.at(clock.now() + 20 * HOUR):
        world.settle()
    assert (waiting.refills[1].state, waiting.balance) == ("succeeded", 51)


def test_a_refill_that_may_be_on_its_way_is_not_given_up(waiting: Saver, world: World, emulator: Emulator) -> None:
    emulator.fault("cut_before_effect", method="POST", path=CREATE, times=2)
    world.deliver_charges()
    waiting.put(settings(threshold="1"))
    with world.at(clock.now() + HOUR / 12):
        world.five_minutes()
        assert not waiting.refills[1].ended
    with world.at(clock.now() + HOUR / 2):
        world.five_minutes()
    assert [each.state for each in waiting.refills] == ["succeeded", "canceled"]
    assert len(waiting.charges) == 1


def test_asking_stripe_by_hand_does_not_send_a_refill_unseen(waiting: Saver, world: World) -> None:
    waiting.put(settings(threshold="1"))
    resolved = resolve(waiting.refills[1])
    assert resolved.payment.state == "created"
    world.settle()
    assert (waiting.refills[1].state, len(waiting.charges)) == ("canceled", 1)
