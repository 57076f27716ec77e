"""The operator's own trouble with Stripe makes no subscription past due: its renewal waits, and is made in the end."""

from datetime import timedelta

import pytest

from chalicelib.stripe_api.errors import PaymentsUnavailable
from local.stripe_emulator.client import Emulator
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, moment


@pytest.mark.parametrize("days", [0, 3])
def test_a_renewal_waits_for_the_end_of_it_however_long_that_takes(
    new_subscriber: NewSubscriber, world: RenewalWorld, emulator: Emulator, days: int
) -> None:
    me = new_subscriber()
    with world.at(moment("2027-01-31")):
        me.put("agency")
    emulator.expire_key()
    world.run_on("2027-02-28")
    for day in range(days):
        for hours in (6, 24):
            with world.at(moment("2027-02-28") + timedelta(days=day, hours=hours)):
                world.five_minutes()
                world.run()
                assert (me.status(), me.subscription.attempt, me.subscription.failure) == ("active", 0, None)
    assert me.amounts == [97]
    emulator.restore_key()
    for hours in (2, 3, 4):
        with world.at(moment("2027-02-28") + timedelta(days=days, hours=hours)):
            world.five_minutes()
            world.run()
    assert me.amounts == [97, 97]
    assert (me.status(), me.subscription.never_made_attempts, me.subscription.past_due_since_ms) == ("active", 0, None)
    me.assert_sound()


def test_a_customer_who_begins_a_subscription_is_told_that_it_is_not_the_card(
    new_subscriber: NewSubscriber, world: RenewalWorld, emulator: Emulator
) -> None:
    me = new_subscriber()
    emulator.restrict()
    with pytest.raises(PaymentsUnavailable, match="the card is fine"):
        me.put("agency")
    emulator.unrestrict()
    me.sweep_at()
    world.settle()
    assert (me.status(), me.amounts) == ("active", [97])
