"""Refills that nobody told of, or that were lost on the way, are found by the schedules."""

from datetime import timedelta

from chalicelib import clock
from chalicelib.auto_pay import evaluate as refill
from chalicelib.auto_pay import table
from chalicelib.auto_pay.change_settings import AutoPayRequest
from chalicelib.clock import now_ms
from local.stripe_emulator.client import Emulator
from tests.auto_pay.world import HOUR, Saver, World


def test_a_refill_whose_end_nobody_told_of_is_noticed(saver: Saver, world: World) -> None:
    saver.spend_down_to(1)
    world.deliver_stream("refill_wallets")
    world.deliver_charges()
    # The record of the payment's end is lost, and nothing is used any more.
    assert saver.auto_pay.in_flight_payment_id
    for name in world.iterators:
        world.take(name)
    with world.at(clock.now() + timedelta(milliseconds=refill.RECHECK_MS + 1000)):
        world.minute()
    assert (saver.view.reason, saver.balance) == ("above_threshold", 51)


def test_a_refill_whose_message_was_lost_is_made_by_the_sweeper(saver: Saver, world: World) -> None:
    saver.spend_down_to(1)
    world.deliver_stream("refill_wallets")
    (_message,) = world.charges()
    with world.at(clock.now() + HOUR / 6):
        world.fire("sweep_payments")
    assert (saver.balance, len(saver.attempts)) == (51, 2)


def test_a_waiting_refill_is_written_down_rarely(saver: Saver, world: World, emulator: Emulator) -> None:
    emulator.fault("status", status=503, times=0)
    saver.spend_down_to(1)
    world.settle()
    version = saver.auto_pay.version
    for _ in range(20):
        saver.use(0.01)
        world.settle()
    assert saver.auto_pay.version == version
    emulator.clear_faults()


def test_what_is_due_is_found_by_its_index_and_looked_at_by_one(saver: Saver, world: World) -> None:
    saver.put(AutoPayRequest(enabled=True, threshold="20", amount="50"))
    quiet = saver.auto_pay
    assert quiet.due_at_ms is None
    table.mark_due(saver.account_id, now_ms())
    found = [each for each in table.due(now_ms(), 100) if each[0] == saver.account_id]
    ((account_id, due_at_ms),) = found
    later_ms = now_ms() + 1000
    assert table.claim(account_id, due_at_ms, again_at_ms=later_ms)
    assert not table.claim(account_id, due_at_ms, again_at_ms=later_ms)
    assert saver.auto_pay.due_at_ms == later_ms
