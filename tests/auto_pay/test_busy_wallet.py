"""A refill is credited once to a wallet that goes on being used while it is paid: its pages have long moved on."""

from datetime import timedelta

import pytest

from chalicelib import clock
from tests.auto_pay.world import Saver, World
from tests.build import sqs_record

PAGES_NAMED = 24
"""The pages that a wallet's row names; older ones are searched for."""


def use_on(saver: Saver, world: World) -> None:
    """Use so often, a minute each time, that the wallet's row no longer names the pages of before."""
    for minutes in range(1, PAGES_NAMED + 3):
        with world.at(clock.now() + timedelta(minutes=minutes)):
            saver.use(0.01)


@pytest.mark.parametrize("by_the_sweeper", [False, True])
def test_a_refill_is_credited_once_however_often_the_wallet_was_used_meanwhile(
    saver: Saver, world: World, *, by_the_sweeper: bool
) -> None:
    before = len(saver.credits)
    saver.spend_down_to(1)
    world.deliver_stream("refill_wallets")
    (newest, *_) = saver.payments
    message = sqs_record({"account_id": saver.account_id, "payment_id": newest.payment_id})
    use_on(saver, world)
    with world.at(clock.now() + timedelta(hours=1)):
        for _ in range(2):
            if by_the_sweeper:
                world.fire("sweep_payments")
            assert world.call("charge_payments", [message]) == []
    assert len(saver.credits) == before + 1
    assert saver.balance == pytest.approx(51 - 0.01 * (PAGES_NAMED + 2))
