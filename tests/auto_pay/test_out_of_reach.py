"""The operator's own trouble with Stripe is nobody's who refills: no attempt counts, and nobody is suspended."""

from datetime import timedelta

import pytest

from chalicelib import clock
from local.stripe_emulator.client import Emulator
from tests.auto_pay.world import Saver, World

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("hours", [2, 50])
def test_a_refill_waits_for_the_end_of_it_however_long_that_takes(
    saver: Saver, world: World, emulator: Emulator, hours: int
) -> None:
    emulator.expire_key()
    saver.spend_down_to(1)
    world.settle()
    start = clock.now()
    for hour in range(1, hours, 4):
        with world.at(start + hour * HOUR):
            world.five_minutes()
            world.minute()
            assert (saver.auto_pay.failures, saver.auto_pay.suspended_reason) == (0, None)
            assert saver.view.status == "on"
    emulator.restore_key()
    with world.at(start + hours * HOUR):
        for _ in range(3):
            world.five_minutes()
            world.minute()
    assert saver.balance == 51
    assert len(saver.charges) == 2
    assert saver.auto_pay.failures == 0


def test_a_restricted_account_suspends_nobody(saver: Saver, world: World, emulator: Emulator) -> None:
    emulator.restrict()
    saver.spend_down_to(1)
    world.settle()
    start = clock.now()
    for hour in range(1, 6):
        with world.at(start + hour * HOUR):
            world.five_minutes()
    assert (saver.auto_pay.failures, saver.auto_pay.suspended_reason, saver.balance) == (0, None, 1)
    emulator.unrestrict()
    with world.at(start + 7 * HOUR):
        world.five_minutes()
    assert saver.balance == 51
