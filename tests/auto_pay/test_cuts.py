"""The process ends before or after each call that a refill makes: one charge, one credit, and nothing left to do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.send_refill import send_refill
from chalicelib.clock import now_ms
from chalicelib.payments.charge_queued import charge_all
from local.stripe_emulator.client import Emulator
from tests.auto_pay.conftest import NewSaver
from tests.auto_pay.world import Saver, World
from tests.wire import cuts

CREATE = "/v1/payment_intents"


def assert_finished(saver: Saver, world: World, *, later: bool = True) -> None:
    """Let the streams, the queue and both schedules come, at once and again after a while."""
    world.settle()
    if later:
        with world.at(clock.now() + timedelta(minutes=15)):
            world.five_minutes()
            world.five_minutes()
    saver.assert_refilled_once(50)
    assert saver.auto_pay.failures == 0
    world.again()
    saver.assert_refilled_once(50)


def switched_on(new_saver: NewSaver) -> Saver:
    """Return an account with auto-pay whose refill is on the charges queue."""
    saver = new_saver()
    saver.switch_on()
    return saver


def test_switching_on_may_be_cut_off_anywhere(new_saver: NewSaver, world: World) -> None:
    for cut_off in cuts(new_saver().switch_on, world.emulator):
        saver = new_saver()
        cut_off(saver.switch_on)
        saver.switch_on()
        assert_finished(saver, world)


def test_a_switch_that_was_cut_off_after_it_was_written_is_finished_by_the_schedule(
    new_saver: NewSaver, world: World
) -> None:
    written = 0
    for cut_off in cuts(new_saver().switch_on, world.emulator):
        saver = new_saver()
        cut_off(saver.switch_on)
        with world.at(clock.now() + timedelta(minutes=1)):
            world.minute()
        if saver.view.enabled:
            assert_finished(saver, world)
            written += 1
    assert written >= 6


def test_a_decision_may_be_cut_off_anywhere(new_saver: NewSaver, world: World) -> None:
    first = switched_on(new_saver)
    world.settle()
    first.spend_down_to(1)
    made = 0
    for cut_off in cuts(first.evaluate, world.emulator):
        saver = switched_on(new_saver)
        world.settle()
        saver.spend_down_to(1)
        cut_off(saver.evaluate)
        # The record that led here comes again, for nobody has answered for it.
        world.settle()
        with world.at(clock.now() + timedelta(minutes=15)):
            world.five_minutes()
            world.five_minutes()
        assert [each.state for each in saver.refills] == ["succeeded"] * 2
        assert len(saver.attempts) == 2
        assert saver.balance == 51
        made += 1
    assert made >= 6


def test_a_charge_may_be_cut_off_anywhere(new_saver: NewSaver, world: World) -> None:
    def charging(saver: Saver) -> Callable[[], Any]:
        body = f'{{"account_id": "{saver.account_id}", "payment_id": "{saver.refill.payment_id}"}}'
        return lambda: charge_all([{"messageId": "1", "body": body}], send_refill=send_refill)

    made = 0
    for cut_off in cuts(charging(switched_on(new_saver)), world.emulator):
        saver = switched_on(new_saver)
        cut_off(charging(saver))
        # The message comes again, too: nobody has answered for it.
        assert_finished(saver, world)
        made += 1
    assert made >= 4


def test_accounting_for_an_end_may_be_cut_off_anywhere(new_saver: NewSaver, world: World) -> None:
    first = switched_on(new_saver)
    world.deliver_charges()
    for cut_off in cuts(first.evaluate, world.emulator):
        saver = switched_on(new_saver)
        world.deliver_charges()
        cut_off(saver.evaluate)
        assert_finished(saver, world)


def test_a_decline_is_counted_once_wherever_its_accounting_is_cut_off(new_saver: NewSaver, world: World) -> None:
    def declining() -> Saver:
        saver = new_saver("pm_card_chargeCustomerFail")
        saver.switch_on()
        world.deliver_charges()
        return saver

    for cut_off in cuts(declining().evaluate, world.emulator):
        saver = declining()
        cut_off(saver.evaluate)
        world.settle()
        world.again()
        assert (saver.auto_pay.failures, len(saver.attempts)) == (1, 1)
        assert saver.auto_pay.next_attempt_at_ms


def test_the_schedule_may_be_cut_off_anywhere(new_saver: NewSaver, world: World) -> None:
    def due() -> Saver:
        saver = new_saver("pm_card_chargeCustomerFail")
        saver.switch_on()
        world.settle()
        saver.put_test_card("pm_card_visa")
        return saver

    def hour_later(run: Callable[[], Any]) -> None:
        with world.at(clock.now() + timedelta(minutes=61)):
            run()

    with world.at(clock.now() + timedelta(days=2)):
        for account_id, due_at_ms in table.due(now_ms(), 1000):
            assert table.claim(account_id, due_at_ms, again_at_ms=now_ms() + 2**40)
    first = due()
    # Another card would clear the failures by itself: here the schedule has to be the one that comes.
    for name in world.iterators:
        world.take(name)
    found: list[Any] = []
    hour_later(lambda: found.extend(cuts(lambda: world.fire("retry_refills"), world.emulator)))
    assert first.auto_pay.in_flight_payment_id
    world.settle()
    for cut_off in found:
        saver = due()
        for name in world.iterators:
            world.take(name)
        hour_later(lambda cut_off=cut_off: cut_off(lambda: world.fire("retry_refills")))  # type: ignore[misc]
        with world.at(clock.now() + timedelta(minutes=80)):
            world.five_minutes()
            world.five_minutes()
        assert (len(saver.charges), saver.balance) == (1, 50)


@pytest.mark.parametrize("kind", ["cut_before_effect", "cut_after_effect", "500_after_effect", "500_saved"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_stripe_may_be_cut_off_before_and_after_each_call(
    new_saver: NewSaver, world: World, emulator: Emulator, kind: str, times: int
) -> None:
    saver = switched_on(new_saver)
    emulator.fault(kind, path=f"{CREATE}*", times=times)
    world.settle()
    for hours in (0.1, 0.4, 1, 2, 3):
        with world.at(clock.now() + timedelta(hours=hours)):
            world.five_minutes()
    saver.assert_refilled_once(50)
